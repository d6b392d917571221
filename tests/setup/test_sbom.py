import sbom


def test_debians_packages_are_components_with_addresses_of_their_own() -> None:
    listing = (
        "libc6\t2.41-12\tamd64\tinstalled\nlibstdc++6\t1:14.2~rc1-19\tamd64\tinstalled\ngone\t1\tall\tconfig-files\n"
    )
    libc, libstdcxx = sbom.debian_components(listing)
    assert (libc["name"], libc["version"]) == ("libc6", "2.41-12")
    assert libc["purl"] == "pkg:deb/debian/libc6@2.41-12?arch=amd64"
    assert libstdcxx["purl"] == "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2~rc1-19?arch=amd64"
    assert libc["bom-ref"] != libstdcxx["bom-ref"]
