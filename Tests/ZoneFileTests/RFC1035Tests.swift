import Testing

@testable import ZoneFile

@Suite("RFC 1035 §5.3: the example of a master file")
struct RFC1035Tests {
  private let text = #"""
    @   IN  SOA     VENERA      Action\.domains (
                                     20     ; SERIAL
                                     7200   ; REFRESH
                                     600    ; RETRY
                                     3600000; EXPIRE
                                     60)    ; MINIMUM

            NS      A.ISI.EDU.
            NS      VENERA
            NS      VAXA
            MX      10      VENERA
            MX      20      VAXA

    A       A       26.3.0.103

    VENERA  A       10.1.0.52
            A       128.9.0.32

    VAXA    A       10.2.0.27
            A       128.9.0.33


    $INCLUDE <SUBSYS>ISI-MAILBOXES.TXT
    """#

  private let mailboxes = """
    MOE     MB      A.ISI.EDU.
    LARRY   MB      A.ISI.EDU.
    CURLEY  MB      A.ISI.EDU.
    STOOGES MG      MOE
            MG      LARRY
            MG      CURLEY
    """

  @Test func `every record of the example`() throws {
    let origin = "$ORIGIN ISI.EDU.\n"
    let reading = try read(origin + text, files: ["zones/<SUBSYS>ISI-MAILBOXES.TXT": mailboxes])
    #expect(reading.diagnostics == [])
    #expect(
      reading.records == [
        #"ISI.EDU. 60 SOA VENERA.ISI.EDU. Action\.domains.ISI.EDU. 20 7200 600 3600000 60"#,
        "ISI.EDU. 60 NS A.ISI.EDU.",
        "ISI.EDU. 60 NS VENERA.ISI.EDU.", "ISI.EDU. 60 NS VAXA.ISI.EDU.", "ISI.EDU. 60 MX 10 VENERA.ISI.EDU.",
        "ISI.EDU. 60 MX 20 VAXA.ISI.EDU.", "A.ISI.EDU. 60 A 26.3.0.103", "VENERA.ISI.EDU. 60 A 10.1.0.52",
        "VENERA.ISI.EDU. 60 A 128.9.0.32", "VAXA.ISI.EDU. 60 A 10.2.0.27", "VAXA.ISI.EDU. 60 A 128.9.0.33",
        "MOE.ISI.EDU. 60 MB A.ISI.EDU.", "LARRY.ISI.EDU. 60 MB A.ISI.EDU.", "CURLEY.ISI.EDU. 60 MB A.ISI.EDU.",
        "STOOGES.ISI.EDU. 60 MG MOE.ISI.EDU.", "STOOGES.ISI.EDU. 60 MG LARRY.ISI.EDU.",
        "STOOGES.ISI.EDU. 60 MG CURLEY.ISI.EDU.",
      ])
  }
}
