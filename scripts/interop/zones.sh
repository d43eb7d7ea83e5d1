# BIND's named-checkzone accepts the zones, and every RR of them, as BIND writes it, comes back from dig.
# shellcheck shell=bash disable=SC2154
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if ! is_there named-checkzone; then
  skip "zones: no named-checkzone here"
  exit 0
fi

# A folder with nothing but base zones: Ambit serves them to everyone.
mkdir base
cp "$root"/zones/*.zone "$root"/scripts/differential/zones/corners.test.zone base
serve base

for file in base/*.zone; do
  zone=$(basename "$file" .zone)
  # Below a zone cut, other servers answer; BIND is told not to look for them (-i none).
  succeeds "named-checkzone accepts $zone" named-checkzone -i none "$zone" "$file"
  named-checkzone -q -i none -D -o "$zone.canonical" "$zone" "$file"
  same "every RR of $zone comes back from dig" "" "$(python3 "$here/every_rr.py" "$port" "$zone.canonical" 2>&1)"
done
has "and there were some" "mesh.test." "$(cat mesh.test.canonical)"

# Whole nodes of overlays are the zone's too, for callers who see them: their RDATA is what the file says.
copy_zones zones
stop "$server"
serve zones
same "a TXT of an overlay" '"a fake: no money moves"' "$(data payments.mesh.test TXT)"
same "a wildcard below tenants" "127.0.2.10 web.mesh.test." "$(data -b 127.0.2.1 any.tenants.mesh.test)"
same "CNAME . is NXDOMAIN" "NXDOMAIN" "$(status ledger.mesh.test)"
same "CNAME *. is NODATA" "NOERROR 0" "$(status reports.mesh.test) $(ask reports.mesh.test | grep -c '^reports')"
