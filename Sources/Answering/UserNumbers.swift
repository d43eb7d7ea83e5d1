internal import Diagnostics
internal import Policy

extension ServerFacts {
  /// The policy, with the numbers of the users that its `uid` lines name; nil where two services have one user, since a
  /// process of that user would be either.
  ///
  /// A name that this host does not know is nobody's: a doubt, no mistake, since who checks a policy need not be on the
  /// server.
  func resolvingUsers(of policy: Policy, _ diagnostics: inout [Diagnostic]) -> Policy? {
    let known = policy.services.indices.filter { !policy.services[$0].users.isEmpty }
    if known.isEmpty { return policy }
    var policy = policy
    var isClear = true
    var owners: [UInt32: (service: Int, user: ServiceUser)] = [:]
    for service in known {
      for index in policy.services[service].users.indices {
        var user = policy.services[service].users[index]
        if user.number == nil, let userNumber {
          user.number = userNumber(user.text)
          policy.services[service].users[index] = user
          if user.number == nil {
            diagnostics.append(
              .warning(
                at: user.location,
                "this host has no user \"\(visible(user.text))\", so no process is \(policy.services[service].display) by "
                  + "this line; add the user (useradd --system NAME) or write another"))
          }
        }
        guard let number = user.number else { continue }
        if let other = owners[number], other.service != service {
          isClear = false
          diagnostics.append(
            .error(
              at: user.location,
              "user \"\(visible(user.text))\" has the number \(number), whose processes are "
                + "\(policy.services[other.service].display) already, by uid \(visible(other.user.text)) "
                + "(\(other.user.location.short)); keep one"))
        }
        owners[number] = owners[number] ?? (service, user)
      }
    }
    return isClear ? policy : nil
  }
}
