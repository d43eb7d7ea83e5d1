/// Every family that is exposed. An event's is made of its counter.
extension ExpositionFamily {
  static let queries = ExpositionFamily(
    "ambit_queries_total", .counter,
    "Queries by the caller's context, what became of them (answered, forwarded, refused, failed, silent) and what carried them.",
    of: [.noResponse])
  static let residence = ExpositionFamily("ambit_residence_seconds", .histogram, help(of: .residence), of: [.residence])
  static let queue = ExpositionFamily("ambit_queue_seconds", .histogram, help(of: .queue), of: [.queue])
  static let refusals = ExpositionFamily(
    "ambit_refusals_total", .counter, "Queries that a rule of the policy refused, by the rule.")
  static let wouldBeRefusals = ExpositionFamily(
    "ambit_would_be_refusals_total", .counter,
    "Queries that a rule which is only observed would have refused, by the rule.")
  static let responses = ExpositionFamily("ambit_responses_total", .counter, "Responses by RCODE.")
  static let silences = ExpositionFamily(
    "ambit_silences_total", .counter,
    "Queries without a response, by cause. Over ambit_queries_total they are \(MetricDefinition.noResponse.metricType): "
      + MetricDefinition.noResponse.help + ".", of: [.noResponse])
  static let clockResolution = ExpositionFamily(
    "ambit_clock_resolution_seconds", .gauge, "The smallest difference that a clock shows, calibrated at the start.")
  static let clockRead = ExpositionFamily(
    "ambit_clock_read_seconds", .gauge, "What reading a clock takes, the median of a calibration at the start.")
  static let uncertainty = ExpositionFamily(
    "ambit_time_uncertainty_seconds", .gauge,
    "What a measured time may be off by, term by term; terms add, and sending is a mean over all queries. Buckets come on top: a quantile of an "
      + "exposed histogram is known to lie between two bounds, which are a factor of 2 apart.")
  static let buildInfo = ExpositionFamily("ambit_build_info", .gauge, "Always 1; the label says which version runs.")
  static let snapshotInfo = ExpositionFamily(
    "ambit_snapshot_info", .gauge,
    "Always 1; the labels say which configuration is in service: its own version, empty where the policy says none, and "
      + "how many went into service since the start.")
  static let generation = ExpositionFamily(
    "ambit_snapshot_generation", .gauge, "How many configurations went into service since the start.")
  static let zones = ExpositionFamily("ambit_zones", .gauge, "Zones in service.")
  static let services = ExpositionFamily("ambit_services", .gauge, "Services that the policy declares.")
  static let contexts = ExpositionFamily("ambit_contexts", .gauge, "Contexts that the policy declares.")
  static let workers = ExpositionFamily("ambit_workers", .gauge, "Threads that answer queries.")
  static let timedOneIn = ExpositionFamily(
    "ambit_timed_one_in", .gauge, "Of how many queries one is timed, on the average: 1 where all are, 0 where none is.")
  static let closingCalls = ExpositionFamily(
    "ambit_calls_closing_cycles", .gauge, "Calls that close a cycle among the calls seen in the last day.")
  static let callsStorming = ExpositionFamily(
    "ambit_calls_storming", .gauge, "Calls whose rate is far above their usual one now.")
  static let stale = ExpositionFamily(
    "ambit_config_stale", .gauge,
    "1 where a reload failed or was held back and no later one went into service: what is served is not what is written."
  )
  static let reloads = ExpositionFamily(
    "ambit_config_reloads_total", .counter,
    "Reloads by what became of them: reloaded, failed, or held back by reload guard."
  )
  static let lastReloadSuccessful = ExpositionFamily(
    "ambit_config_last_reload_successful", .gauge,
    "1 where the last reload went into service, or there was none since the start.")
  static let lastReload = ExpositionFamily(
    "ambit_config_last_reload_timestamp_seconds", .gauge, "When the last load of the configuration ended, since 1970.")
  static let lastSuccess = ExpositionFamily(
    "ambit_config_last_reload_success_timestamp_seconds", .gauge,
    "When the configuration in service went into service, since 1970.")
  static let httpRequests = ExpositionFamily(
    "ambit_http_requests_total", .counter, "Requests for pages and metrics, by the status of the response.")
  static let httpGivenUp = ExpositionFamily(
    "ambit_http_connections_given_up_total", .counter,
    "HTTP connections that the server ended because they took too long, or for a newer one.")
  static let endpointUp = ExpositionFamily(
    "ambit_endpoint_up", .gauge,
    "1 where an endpoint that is checked is taken for up. Of 1000 endpoints at the most, those that are down first.")
  static let endpoints = ExpositionFamily("ambit_endpoints", .gauge, "Endpoints of services that are checked.")
  static let endpointsDown = ExpositionFamily("ambit_endpoints_down", .gauge, "Of these, those that are down.")
  static let servicesBroken = ExpositionFamily(
    "ambit_services_broken", .gauge, "Services of which every check of every endpoint fails.")
  static let checks = ExpositionFamily(
    "ambit_health_checks_total", .counter,
    "Checks of endpoints, by how they ended; undecided for want of something on the server's host.")
  static let checksLate = ExpositionFamily(
    "ambit_health_checks_late_total", .counter,
    "Checks of endpoints that began late by more than a fifth of every, since too many others went on.")
  static let checkTimes = ExpositionFamily(
    "ambit_health_check_seconds", .histogram,
    "From the start of a check that succeeded to the connection, or the first line of the response, programs left out.")
  static let cacheEntries = ExpositionFamily(
    "ambit_forward_cache_entries", .gauge, "Answers of other servers that are kept.")
  static let cacheOctets = ExpositionFamily("ambit_forward_cache_bytes", .gauge, "Memory that they take.")
  static let cacheSize = ExpositionFamily("ambit_forward_cache_size_bytes", .gauge, "Memory that they may take.")
  static let outstanding = ExpositionFamily(
    "ambit_forward_questions", .gauge, "Questions that other servers are being asked.")
  static let waiting = ExpositionFamily("ambit_forward_waiting", .gauge, "Queries that wait for their answers.")
  static let upstreamTimes = ExpositionFamily(
    "ambit_upstream_seconds", .histogram, help(of: .upstream), of: [.upstream])
  static let upstreamQueries = ExpositionFamily(
    "ambit_upstream_asked_total", .counter, "Queries sent to such a server, over UDP and TCP.")
  static let upstreamFailed = ExpositionFamily(
    "ambit_upstream_failed_total", .counter,
    "How often such a server failed a query: silent when it was time to ask again, not to be reached, or a reply of no "
      + "use. One query may fail twice, silent first and of no use late.")
  static let upstreamUnanswered = ExpositionFamily(
    "ambit_upstream_unanswered_total", .counter,
    "Of those asked, those that ended without a reply: silent for as long as was waited, unreachable, or given up before "
      + "that. All others are in ambit_upstream_seconds or on their way.",
    of: [.upstream])
  static let upstreamTime = ExpositionFamily(
    "ambit_upstream_response_seconds", .gauge,
    "The times of ambit_upstream_seconds smoothed as TCP does (RFC 6298): what such a server is chosen by.",
    of: [.upstream])
  static let upstreamUp = ExpositionFamily(
    "ambit_upstream_up", .gauge, "0 where such a server is taken for dead, 1 for all others.")
  static let upstreamFailures = ExpositionFamily(
    "ambit_upstream_failures_in_a_row", .gauge,
    "Rounds in a row in which such a server gave no reply; of queries that were on the way together one counts.")
  static let processStart = ExpositionFamily(
    "process_start_time_seconds", .gauge, "When the process started, since 1970.")
  static let processCPU = ExpositionFamily(
    "process_cpu_seconds_total", .counter, "Processor time that the process has used, in user and system mode.")
  static let processMemory = ExpositionFamily(
    "process_resident_memory_bytes", .gauge, "Memory of the process that is in RAM.")
  static let processAddresses = ExpositionFamily(
    "process_virtual_memory_bytes", .gauge, "Addresses that the process has mapped.")
  static let processFiles = ExpositionFamily("process_open_fds", .gauge, "File descriptors in use.")
  static let processMostFiles = ExpositionFamily("process_max_fds", .gauge, "File descriptors that there may be.")

  private static func help(of metric: MetricDefinition) -> String {
    "\(metric.help) (\(metric.metricType)). Bounds are powers of two of a nanosecond; `ambit metrics` has the method and "
      + "the uncertainty."
  }

  /// An event, its name made of the counter's: `datagramsReceived` is `ambit_datagrams_received_total`.
  static func event(_ counter: MetricCounter) -> ExpositionFamily {
    ExpositionFamily(
      "ambit_\(snakeCase("\(counter)"))\(counter == .sendSpan ? "_seconds" : "")_total", .counter,
      counter.help + ".")
  }

  /// All families, in the order in which they are written.
  static let all: [ExpositionFamily] =
    [queries, residence, queue, refusals, wouldBeRefusals, responses, silences]
    + MetricCounter.allCases.map(event)
    + [
      clockResolution, clockRead, uncertainty, buildInfo, snapshotInfo, generation, zones, services, contexts, workers,
      timedOneIn, closingCalls, callsStorming, stale, reloads, lastReloadSuccessful, lastReload, lastSuccess,
      httpRequests, httpGivenUp, endpointUp, endpoints, endpointsDown, servicesBroken, checks, checksLate, checkTimes,
      cacheEntries, cacheOctets, cacheSize, outstanding, waiting, upstreamTimes, upstreamQueries, upstreamFailed,
      upstreamUnanswered, upstreamTime, upstreamUp, upstreamFailures, processStart,
      processCPU, processMemory, processAddresses, processFiles, processMostFiles,
    ]
}

/// `badSource` as `bad_source`, and `rejectedID` as `rejected_id`.
func snakeCase(_ word: String) -> String {
  var wasUppercase = true
  return word.reduce(into: "") { result, letter in
    if letter.isUppercase, !wasUppercase { result += "_" }
    wasUppercase = letter.isUppercase
    result += letter.lowercased()
  }
}
