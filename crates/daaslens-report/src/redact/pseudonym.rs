//! Pseudonyms: ordinals by first position, so that the same bundle gives the same report.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::words;

/// Which addresses, hosts and sites have been seen, and as what they are shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pseudonyms {
    addresses: Ordinals<IpAddr>,
    hosts: Ordinals<String>,
    sites: Ordinals<String>,
}

/// Numbers, given in the order in which they are asked for.
#[derive(Clone, Debug)]
struct Ordinals<K> {
    of: BTreeMap<K, usize>,
    last: usize,
}

impl<K> Default for Ordinals<K> {
    fn default() -> Self {
        Self { of: BTreeMap::new(), last: 0 }
    }
}

impl<K: Ord> Ordinals<K> {
    fn number(&mut self, key: K) -> usize {
        *self.of.entry(key).or_insert_with(|| {
            self.last += 1;
            self.last
        })
    }

    /// A number that was given before; without a key it is only not given again.
    fn know(&mut self, number: usize, key: Option<K>) {
        self.last = self.last.max(number);
        if let Some(key) = key {
            self.of.entry(key).or_insert(number);
        }
    }

    fn sorted(&self) -> Vec<(&K, usize)> {
        let mut all: Vec<_> = self.of.iter().map(|(key, n)| (key, *n)).collect();
        all.sort_by_key(|(_, n)| *n);
        all
    }
}

impl Pseudonyms {
    /// Goes on where other runs ended: alias, meaning. An alias without a meaning is only not given again.
    pub(crate) fn knowing(known: &[(String, String)]) -> Self {
        let mut names = Self::default();
        for (alias, meaning) in known {
            let Some((stem, number)) = alias.split_once('-') else { continue };
            // Room is left behind the number, whoever wrote it.
            let Some(number) = number.parse().ok().filter(|n| *n < usize::MAX / 2) else {
                continue;
            };
            let name = Some(meaning.to_lowercase()).filter(|name| !name.is_empty());
            match stem {
                "ip" => names.addresses.know(number, parse_address(meaning)),
                "host" => names.hosts.know(number, name),
                "site" => names.sites.know(number, name),
                _ => {}
            }
        }
        names
    }

    /// `ip-3 (private)`; `None` for what is no address.
    pub(crate) fn address(&mut self, text: &str) -> Option<String> {
        let address = parse_address(text)?;
        let ordinal = self.addresses.number(address);
        let private = if is_private(address) { " (private)" } else { "" };
        Some(format!("ip-{ordinal}{private}"))
    }

    /// `host-2`, with a port left where it was. Hosts that name nobody stay.
    pub(crate) fn host(&mut self, text: &str) -> String {
        if let Some(address) = self.address(text) {
            return address;
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (name, Some(port)),
            _ => (text, None),
        };
        if name.is_empty() || words::is_platform(name) {
            return text.to_owned();
        }
        let alias = ordinal(&mut self.hosts, name, "host");
        port.map_or(alias.clone(), |port| format!("{alias}:{port}"))
    }

    /// `site-1`, with the `~1` that marks the SCM site left where it was.
    pub(crate) fn site(&mut self, text: &str) -> String {
        let (mark, name) = text.strip_prefix("~1").map_or(("", text), |name| ("~1", name));
        if name.is_empty() || name == "-" || words::is_platform(name) {
            return text.to_owned();
        }
        format!("{mark}{}", ordinal(&mut self.sites, name, "site"))
    }

    /// All pairs of alias and meaning, for the owner's private key.
    pub(crate) fn key(&self) -> Vec<(String, String)> {
        let mut key = Vec::new();
        let addresses = self.addresses.sorted();
        key.extend(addresses.into_iter().map(|(it, n)| (format!("ip-{n}"), it.to_string())));
        for (names, stem) in [(&self.hosts, "host"), (&self.sites, "site")] {
            key.extend(
                names.sorted().into_iter().map(|(it, n)| (format!("{stem}-{n}"), it.clone())),
            );
        }
        key
    }

    /// Names and what they are shown as, for the search in free text.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, String, bool)> {
        let hosts = self.hosts.of.iter().map(|(it, n)| (it.as_str(), format!("host-{n}"), false));
        hosts.chain(self.sites.of.iter().map(|(it, n)| (it.as_str(), format!("site-{n}"), true)))
    }
}

fn ordinal(names: &mut Ordinals<String>, name: &str, stem: &str) -> String {
    format!("{stem}-{}", names.number(name.to_lowercase()))
}

/// Reads `10.0.0.1`, `10.0.0.1:80`, `::1`, `[::1]:80` and `fe80::1%4`. An IPv4 address in IPv6 clothes is the
/// same visitor.
pub(crate) fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap_or(text);
    let bare = bare.split('%').next().unwrap_or(bare);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (host, port) = bare.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                // Carrier-grade NAT, which the platform uses between its own machines.
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

fn is_private_v6(v6: Ipv6Addr) -> bool {
    v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_follow_the_first_appearance() {
        let mut p = Pseudonyms::default();
        let shown = ["203.0.113.9", "10.1.2.3:443", "::ffff:203.0.113.9", "[fe80::1%4]:80", "no"]
            .map(|text| p.address(text));
        let expected =
            [Some("ip-1"), Some("ip-2 (private)"), Some("ip-1"), Some("ip-3 (private)"), None];
        assert_eq!(shown.each_ref().map(Option::as_deref), expected);
        assert_eq!(p.host("WWW.Contoso.com:443"), "host-1:443");
        assert_eq!(p.host("www.contoso.com"), "host-1");
        assert_eq!(p.host("localhost"), "localhost");
        assert_eq!(p.site("~1contoso-shop"), "~1site-1");
        assert_eq!(p.site("Contoso-Shop"), "site-1");
        assert_eq!(p.key().len(), 5);
    }

    #[test]
    fn known_aliases_stay_and_new_ones_come_after_all_that_were_given() {
        let known = [
            ("ip-17", "203.0.113.9"),
            ("host-3", ""),
            ("site-2", "Contoso"),
            ("x", "y"),
            ("ip-z", "1.2.3.4"),
        ];
        let mut p = Pseudonyms::knowing(
            &known.map(|(alias, meaning)| (alias.to_owned(), meaning.to_owned())),
        );
        assert_eq!(p.address("203.0.113.9").as_deref(), Some("ip-17"));
        assert_eq!(p.address("203.0.113.8").as_deref(), Some("ip-18"));
        assert_eq!(p.host("a.example"), "host-4");
        assert_eq!([p.site("contoso"), p.site("other")], ["site-2", "site-3"]);
    }
}
