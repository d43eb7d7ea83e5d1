import Glibc
import Testing

@testable import LinuxIO

@Suite("Mounts of one's own: what is said where there can be none")
struct OwnMountsTests {
  @Test(
    arguments: [
      (OwnMounts.Settings(most: 0), ENOSPC, "sysctl user.max_user_namespaces=15000"),
      (OwnMounts.Settings(most: 5, unprivilegedClone: 0), EPERM, "sysctl kernel.unprivileged_userns_clone=1"),
      (
        OwnMounts.Settings(most: 5, unprivilegedClone: 1, appArmorRestricts: 1), EACCES,
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0"
      ),
      (OwnMounts.Settings(most: 5), ENOSPC, "raise sysctl user.max_user_namespaces"),
      (OwnMounts.Settings(), EPERM, "seccomp"),
    ], [false, true])
  func `what stands in the way is named, and how to allow it, to root as well`(
    found: (OwnMounts.Settings, Int32, String), isRoot: Bool
  ) {
    let remedy = found.0.remedy(found.1, isRoot: isRoot)
    #expect(remedy.contains(found.2))
    #expect(remedy.contains("CAP_SYS_ADMIN to this container") == isRoot)
    #expect(remedy.hasSuffix("run as root") != isRoot)
  }
}
