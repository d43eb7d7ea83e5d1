internal import LinuxIO
internal import Synchronization

/// Whether what is served is what is written: noted by the control thread, read by whoever tells it.
final class ConfigurationStatus: Sendable {
  /// All that is noted; times are nanoseconds since 1970.
  struct State: Sendable {
    /// True where a reload failed or was held back, and none since went into service.
    var isStale = false
    var lastReload: UInt64
    var lastSuccess: UInt64
    var isLastSuccessful = true
    /// By what became of them.
    var reloads: [ControlAnswer.Status: UInt64] = [:]
    var isStopping = false
  }

  private let current: Mutex<State>

  /// What was loaded first went into service now.
  init() {
    let now = Clock.realtimeNanoseconds()
    current = Mutex(State(lastReload: now, lastSuccess: now))
  }

  var state: State { current.withLock { $0 } }

  /// Notes what a reload came to.
  func note(_ status: ControlAnswer.Status) {
    let now = Clock.realtimeNanoseconds()
    current.withLock { state in
      state.reloads[status, default: 0] += 1
      state.lastReload = now
      state.isLastSuccessful = status == .reloaded
      state.isStale = !state.isLastSuccessful
      if state.isLastSuccessful { state.lastSuccess = now }
    }
  }

  /// Notes that the server ends.
  func noteStopping() { current.withLock { $0.isStopping = true } }
}
