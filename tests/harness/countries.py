"""Databases that tell countries of addresses, as an operator would download one.

Promise: made by another hand than the server's reader, from networks that are kept for documentation (RFC 5737,
RFC 3849), so no record is true of anybody.
"""

import sys
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet

# Networks and what is known of them; addresses that stand nowhere here are in no country.
COUNTRIES = {"192.0.2.0/24": "DE", "198.51.100.0/25": "US", "2001:db8::/40": "JP", "2001:db8:100::/40": "FR"}
# Known, but with no country: a satellite's or a carrier's.
NOWHERE = "203.0.113.0/24"


def write(path: Path, countries: dict[str, str] = COUNTRIES) -> Path:
    """Writes a database in the form of GeoLite2-Country, whole or not at all."""
    writer = MMDBWriter(6, "GeoLite2-Country", ipv4_compatible=True, description="For tests")
    for network, code in countries.items():
        record = {"country": {"iso_code": code, "geoname_id": 1}, "registered_country": {"iso_code": "CH"}}
        writer.insert_network(IPSet([network]), record)
    writer.insert_network(IPSet([NOWHERE]), {"registered_country": {"iso_code": "CH"}})
    return _put(writer, path)


def write_networks(path: Path) -> Path:
    """Writes a database that tells something else of addresses than their countries."""
    writer = MMDBWriter(6, "GeoLite2-ASN", ipv4_compatible=True, description="For tests")
    writer.insert_network(IPSet(["192.0.2.0/24"]), {"autonomous_system_number": 64496})
    return _put(writer, path)


def _put(writer: MMDBWriter, path: Path) -> Path:
    fresh = path.with_suffix(".fresh")
    writer.to_db_file(str(fresh))
    return fresh.rename(path)


if __name__ == "__main__":
    # Renews what the server's own tests read: python -m harness.countries ../crates/delivery/testdata
    folder = Path(sys.argv[1])
    write(folder / "countries.mmdb")
    write_networks(folder / "networks.mmdb")
