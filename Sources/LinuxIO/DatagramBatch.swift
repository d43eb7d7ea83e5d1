public import Addresses
internal import CLinux
public import FlatMemory
internal import Glibc

/// Datagrams received together, and the responses to them, sent together: one worker's memory for one system call each.
///
/// All memory is allocated once. A slot is a request, what is known of its arrival, and a response buffer; a response
/// left empty is not sent. Slots `0 ..< count` are those of the last `receive`.
@safe
public struct DatagramBatch: ~Copyable, @unchecked Sendable {
  /// The largest request taken whole, in octets.
  public static var slotSize: Int { 4096 }
  /// The largest response, in octets: no more than goes over any path in one piece. Together the responses of a batch
  /// are on few pages.
  public static var responseSize: Int { 1232 }
  /// Octets from one request to the next. No multiple of 4096, or the requests of a batch would all want the same few
  /// lines of the processor's first cache.
  @usableFromInline static var stride: Int { slotSize + 192 }

  /// What is known of one received datagram.
  @usableFromInline struct Arrived: BitwiseCopyable {
    @usableFromInline let source: SocketAddress
    @usableFromInline let kernelTime: UInt64
    @usableFromInline let length: Int
    @usableFromInline let isTruncated: Bool
  }

  /// How many datagrams one `receive` takes at the most.
  public let capacity: Int
  /// How many the last `receive` took.
  public private(set) var count = 0

  @usableFromInline let requests: UnsafeMutablePointer<UInt8>
  @usableFromInline let responses: UnsafeMutablePointer<OctetBuffer>
  @usableFromInline let arrived: UnsafeMutablePointer<Arrived>
  /// The kernel's headers, a `clinux_batch`; untyped so that users of this module need not see the C one.
  private let headers: UnsafeMutableRawPointer

  /// Allocates memory for `capacity` datagrams; 16 to 32 are enough (DESIGN §5).
  package init(capacity: Int = 32) {
    precondition((1...1024).contains(capacity), "a batch has 1 to 1024 slots, as many as one system call takes")
    self.capacity = capacity
    let stride = DatagramBatch.stride
    unsafe requests = .allocate(capacity: capacity * stride)
    unsafe requests.initialize(repeating: 0, count: capacity * stride)
    unsafe responses = .allocate(capacity: capacity)
    for index in 0..<capacity {
      unsafe (responses + index).initialize(to: OctetBuffer(capacity: DatagramBatch.responseSize))
    }
    unsafe arrived = .allocate(capacity: capacity)
    guard let made = unsafe clinux_batch_make(UInt32(capacity), requests, DatagramBatch.slotSize, stride) else {
      preconditionFailure("memory for a batch could be had at start")
    }
    unsafe headers = UnsafeMutableRawPointer(made)
    for index in 0..<capacity {
      // Safe: a response's memory stays where it is for as long as this value lives.
      unsafe clinux_batch_answer_from(made, UInt32(index), responses[index].memory)
    }
  }

  deinit {
    unsafe clinux_batch_free(batch)
    unsafe responses.deinitialize(count: capacity)
    unsafe responses.deallocate()
    unsafe arrived.deallocate()
    unsafe requests.deallocate()
  }

  private var batch: UnsafeMutablePointer<clinux_batch> {
    unsafe headers.assumingMemoryBound(to: clinux_batch.self)
  }

  /// Takes the datagrams that are waiting, at most `capacity`, without waiting for any; empties their responses.
  /// - Returns: how many; 0 where none is waiting or the kernel reports an error of some earlier datagram.
  /// - Throws: what concerns the socket itself.
  package mutating func receive(from socket: borrowing UDPSocket) throws(SystemError) -> Int {
    let raw = socket.raw
    count = 0
    // Safe: the headers point to memory of this value, which outlives the call.
    let taken = uninterrupted { unsafe clinux_batch_receive(raw, batch) }
    guard taken >= 0 else {
      let reason = errno
      if isTransient(reason) { return 0 }
      throw SystemError("receive on", "\(socket.localAddress)", errno: reason)
    }
    for index in 0..<Int(taken) {
      // Safe: the kernel filled the first `taken` slots, no more than `capacity`.
      let arrival = unsafe clinux_batch_arrival(batch, UInt32(truncatingIfNeeded: index))
      let address =
        arrival.ipv4
        ? IPAddress(v4: UInt32(truncatingIfNeeded: arrival.low)) : IPAddress(high: arrival.high, low: arrival.low)
      unsafe (arrived + index).initialize(
        to: Arrived(
          source: SocketAddress(address, port: arrival.port), kernelTime: arrival.kernel_time,
          length: Int(arrival.length), isTruncated: arrival.truncated))
      unsafe (responses + index).pointee.reset()
    }
    count = Int(taken)
    return count
  }

  /// Who sent the datagram in slot `index`.
  @inlinable public func source(_ index: Int) -> SocketAddress {
    check(index)
    return unsafe arrived[index].source
  }

  /// The address it was sent to, on a wildcard socket; nil on any other. For those few that need it.
  package func destination(_ index: Int) -> IPAddress? {
    check(index)
    var isIPv4 = false
    var high: UInt64 = 0
    var low: UInt64 = 0
    // Safe: the slot was received, and the call writes three values.
    guard unsafe clinux_batch_destination(batch, UInt32(truncatingIfNeeded: index), &isIPv4, &high, &low) else {
      return nil
    }
    return isIPv4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(high: high, low: low)
  }

  /// The interface that a sender with a link-local address is behind; 0 for all others. For those few that need it.
  package func scope(_ index: Int) -> UInt32 {
    check(index)
    // Safe: the slot was received.
    return unsafe clinux_batch_scope(batch, UInt32(truncatingIfNeeded: index))
  }

  /// When the kernel received it, in nanoseconds of CLOCK_REALTIME; 0 where the kernel does not say.
  @inlinable public func kernelTime(_ index: Int) -> UInt64 {
    check(index)
    return unsafe arrived[index].kernelTime
  }

  /// How many octets of it are in the slot: 0 to 4096.
  @inlinable public func length(_ index: Int) -> Int {
    check(index)
    return unsafe arrived[index].length
  }

  /// True where it was longer than the slot, and cut.
  @inlinable public func isTruncated(_ index: Int) -> Bool {
    check(index)
    return unsafe arrived[index].isTruncated
  }

  /// Lends a slot's request and its response, which is empty after `receive`. The two never share memory.
  @inlinable public mutating func withSlot<Result>(
    _ index: Int, _ body: (_ request: Span<UInt8>, _ response: inout OctetBuffer) -> Result
  ) -> Result {
    check(index)
    // Safe: the index and the length were checked when received, and the span does not leave `body`.
    let request = unsafe Span<UInt8>(
      _unsafeStart: requests + index &* DatagramBatch.stride, count: arrived[index].length)
    // By `pointee`: the thread sanitizer of Swift 6.3 cannot compile a change by subscript here.
    return unsafe body(request, &(responses + index).pointee)
  }

  /// A slot's request, to look at before it is answered.
  @inlinable @_lifetime(borrow self)
  public func request(_ index: Int) -> Span<UInt8> {
    check(index)
    // Safe: as in `withSlot`; the memory is changed only by `receive`, which needs this value for itself.
    let span = unsafe Span<UInt8>(
      _unsafeStart: requests + index &* DatagramBatch.stride, count: arrived[index].length)
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  @inlinable func check(_ index: Int) {
    precondition(UInt(bitPattern: index) < UInt(bitPattern: count), "a slot is one of those received")
  }
}

extension DatagramBatch {
  /// What became of the responses of a batch.
  package struct SendResult: Equatable, Sendable {
    /// Responses that the kernel took.
    package var sent = 0
    /// Responses that it did not: refused one by one, or no room within 10 ms.
    package var failed = 0

    package init(sent: Int = 0, failed: Int = 0) {
      self.sent = sent
      self.failed = failed
    }
  }

  /// Sends every response that is not empty to the source of its request; on a wildcard socket from the address that
  /// was asked. A response that the kernel refuses is left out and the others are still sent.
  ///
  /// Where the kernel has no room it waits for some, 10 ms a batch in all. To be called once for each `receive`.
  package mutating func send(to socket: borrowing UDPSocket) -> SendResult {
    let raw = socket.raw
    let isWildcard = socket.isWildcard
    unsafe batch.pointee.outgoing = 0
    for index in 0..<count {
      let length = unsafe responses[index].count
      if length == 0 { continue }
      // Safe: at most `count` replies are queued, and each response stays where it is until it has been sent.
      unsafe clinux_batch_reply(batch, UInt32(truncatingIfNeeded: index), length, isWildcard)
    }
    var result = SendResult()
    let queued = unsafe Int(batch.pointee.outgoing)
    var next = 0
    var waits = 0
    while next < queued {
      let taken = uninterrupted { unsafe clinux_batch_send(raw, batch, UInt32(truncatingIfNeeded: next)) }
      if taken > 0 {
        result.sent += Int(taken)
        next += Int(taken)
      } else if errno != EAGAIN {
        result.failed += 1
        next += 1
      } else if waits < 10 {
        waits += 1
        clinux_wait_writable(raw, 1)
      } else {
        result.failed += queued - next
        next = queued
      }
    }
    return result
  }
}
