// DNSFormat: the wire format and the presentation format of DNS data, side by side.
//
// Takes octets or text, gives names, types, queries and responses, or an error that says what is wrong. Total: any
// octets and any text give a value or an error. Opens nothing, logs nothing, knows no zone and no policy.
//
//   Names/      a domain name owned by the control plane (`DomainName`) and one on a query's path (`NameKey`)
//   RRTypes/    the table of RR types: number, name, fields
//   RDATA/      the fields of RDATA: check, read text, print text
//   Messages/   header, question, responses
//   EDNS/       the OPT record, its options, Extended DNS Errors
