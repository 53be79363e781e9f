//! Values of fields: what JSON and CSV give, before anybody says what they mean.

use std::borrow::Cow;
use std::fmt;

use daaslens_core::Time;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::name::{COUNT, Name};

/// A value that is no object and no list.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Whole(u64),
    Fraction(f64),
    Flag(bool),
}

impl<'a> Scalar<'a> {
    /// The text, unless it stands for nothing: empty, `-` as IIS writes it, `N/A` as Front Door does.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Text(text) => text,
            Self::Whole(number) => Cow::Owned(number.to_string()),
            Self::Fraction(number) => Cow::Owned(number.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if flag { "true" } else { "false" }),
        };
        let absent = matches!(text.trim(), "" | "-")
            || text.eq_ignore_ascii_case("n/a")
            || text.eq_ignore_ascii_case("null");
        (!absent).then_some(text)
    }

    /// A number, which may be written as text: `"404"`, `404`, `404.0`.
    pub(crate) fn number(&self) -> Option<f64> {
        let number = match self {
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Whole(number) => *number as f64,
            Self::Fraction(number) => *number,
            Self::Flag(_) => return None,
        };
        (number.is_finite() && number >= 0.0).then_some(number)
    }

    /// A whole number; exact also where it is larger than a fraction can hold.
    pub(crate) fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok(),
            _ => self.number().filter(|n| n.fract() == 0.0 && *n < 9e15).map(|n| n as u64),
        }
    }

    /// A time as the logs and their exports write it.
    pub(crate) fn time(&self) -> Option<Time> {
        let Self::Text(text) = self else { return None };
        let text = text.trim();
        // A time outside of these years is damage, and would stretch every axis.
        Time::parse(text)
            .or_else(|| american(text))
            .filter(|time| (788_918_400_000..4_133_980_800_000).contains(&time.0))
    }
}

/// `7/25/2023, 6:45:43.123 PM`, as the portal writes times into a CSV.
fn american(text: &str) -> Option<Time> {
    let (date, rest) = text.split_once([',', ' '])?;
    let mut words = rest.split_whitespace();
    let (clock, half) = (words.next()?, words.next());
    if words.next().is_some() {
        return None;
    }
    let number = |text: &str| -> Option<u32> {
        (text.len() <= 4 && text.bytes().all(|c| c.is_ascii_digit())).then(|| text.parse().ok())?
    };
    let mut date = date.split('/').map(number);
    let (month, day, year) = (date.next()??, date.next()??, date.next()??);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut clock = clock.split(':').map(number);
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if clock.next().is_some() || date.next().is_some() {
        return None;
    }
    let hour = match half.map(str::to_ascii_uppercase).as_deref() {
        None => hour,
        Some("AM") if (1..=12).contains(&hour) => hour % 12,
        Some("PM") if (1..=12).contains(&hour) => hour % 12 + 12,
        Some(_) => return None,
    };
    if !fraction.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let time = Time::from_civil(i32::try_from(year).ok()?, month, day, hour, minute, second)?;
    let ms = fraction.bytes().chain(*b"000").take(3).fold(0, |ms, c| ms * 10 + i64::from(c - b'0'));
    Some(Time(time.0 + ms))
}

/// The fields of one record, by name; of fields that stand twice, the first that says something.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    values: [Option<Scalar<'a>>; COUNT],
    /// Whether a list stands under the name of a wrapper: the object holds records, and is none.
    pub(crate) is_wrapper: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn new() -> Self {
        Self { values: [const { None }; COUNT], is_wrapper: false }
    }

    pub(crate) fn set(&mut self, name: Name, value: Scalar<'a>) {
        let slot = &mut self.values[name as usize];
        let says_nothing = |value: &Scalar<'_>| matches!(value, Scalar::Text(text) if matches!(text.trim(), "" | "-"));
        if slot.as_ref().is_none_or(says_nothing) {
            *slot = Some(value);
        }
    }

    pub(crate) fn get(&self, name: Name) -> Option<&Scalar<'a>> {
        self.values[name as usize].as_ref()
    }

    pub(crate) fn has(&self, name: Name) -> bool {
        self.get(name).is_some()
    }

    pub(crate) fn take(&mut self, name: Name) -> Option<Scalar<'a>> {
        self.values[name as usize].take()
    }

    pub(crate) fn text(&mut self, name: Name) -> Option<Cow<'a, str>> {
        self.take(name)?.text()
    }

    pub(crate) fn whole(&self, name: Name) -> Option<u64> {
        self.get(name)?.whole()
    }

    /// Reads an object into the fields.
    pub(crate) fn read(&mut self, text: &'a str) -> Result<(), serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        reader.deserialize_map(Object { fields: self, is_inner: false })?;
        reader.end()
    }
}

/// Reads the keys of an object, and those of its `properties`.
struct Object<'f, 'a> {
    fields: &'f mut Fields<'a>,
    is_inner: bool,
}

impl<'a> Visitor<'a> for Object<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'a>>()? {
            match Name::of(&key.0) {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(Name::Properties) if !self.is_inner => {
                    map.next_value_seed(Inner(self.fields))?;
                }
                Some(name) => match map.next_value::<Any<'a>>()? {
                    Any::Scalar(value) => self.fields.set(name, value),
                    Any::List if name == Name::Wrapper => self.fields.is_wrapper = true,
                    Any::List | Any::None => {}
                },
            }
        }
        Ok(())
    }
}

/// The `properties`: an object, or an object written as text.
struct Inner<'f, 'a>(&'f mut Fields<'a>);

impl<'a> de::DeserializeSeed<'a> for Inner<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Inner<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("properties")
    }

    fn visit_map<A: MapAccess<'a>>(self, map: A) -> Result<(), A::Error> {
        Object { fields: self.0, is_inner: true }.visit_map(map)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'a str) -> Result<(), E> {
        self.0.set(Name::Properties, Scalar::Text(Cow::Borrowed(text)));
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.set(Name::Properties, Scalar::Text(Cow::Owned(text.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// A key, without a copy where it holds no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyVisitor)? {
            Any::Scalar(Scalar::Text(text)) => Ok(Self(text)),
            _ => Err(D::Error::custom("a key is no text")),
        }
    }
}

/// Any value.
pub(crate) enum Any<'a> {
    Scalar(Scalar<'a>),
    List,
    /// `null`, or an object.
    None,
}

impl<'de: 'a, 'a> Deserialize<'de> for Any<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Flag(flag)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Fraction(number as f64)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Whole(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Any<'de>, E> {
        Ok(Any::Scalar(Scalar::Fraction(number)))
    }

    fn visit_unit<E: Error>(self) -> Result<Any<'de>, E> {
        Ok(Any::None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Any::None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Any<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Any::List)
    }
}
