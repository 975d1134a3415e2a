//! The bytes of a record: little-endian numbers, texts and byte strings with a 32-bit length before them.

/// A record that is cut short or holds what it must not; the writer's fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads a record; every length is checked before it is used.
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*head)
    }

    pub fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    pub fn bool(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub fn f64(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A whole number that JavaScript wrote as a double: at most 2^53.
    pub fn whole(&mut self) -> Result<u64, Malformed> {
        let value = self.f64()?;
        if !(0.0..=9_007_199_254_740_992.0).contains(&value) || value.fract() != 0.0 {
            return Err(Malformed);
        }
        Ok(value as u64)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    /// A count and so many texts.
    pub fn texts(&mut self) -> Result<Vec<String>, Malformed> {
        let count = self.u32()?;
        // no reservation from `count`: each text costs at least its length, so the record bounds the loop
        (0..count).map(|_| self.text().map(str::to_owned)).collect()
    }

    /// Absent when a zero byte comes first.
    pub fn text_option(&mut self) -> Result<Option<&'a str>, Malformed> {
        if self.bool()? { self.text().map(Some) } else { Ok(None) }
    }

    /// Absent when a zero byte comes first.
    pub fn bytes_option(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        if self.bool()? { self.bytes().map(Some) } else { Ok(None) }
    }
}

/// Appends to a record.
pub struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
}

impl<'a> Writer<'a> {
    pub fn new(bytes: &'a mut Vec<u8>) -> Self {
        Self { bytes }
    }

    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes.push(value);
        self
    }

    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn f64(&mut self, value: f64) -> &mut Self {
        self.bytes.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub fn text(&mut self, value: &str) -> &mut Self {
        self.u32(value.len() as u32);
        self.bytes.extend_from_slice(value.as_bytes());
        self
    }

    pub fn text_option(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(text) => self.u8(1).text(text),
            None => self.u8(0),
        }
    }

    pub fn bytes_option(&mut self, value: Option<&[u8]>) -> &mut Self {
        match value {
            Some(bytes) => self.u8(1).u32(bytes.len() as u32).raw(bytes),
            None => self.u8(0),
        }
    }

    pub fn raw(&mut self, value: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(value);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reader_refuses_every_truncation() {
        let mut bytes = Vec::new();
        Writer::new(&mut bytes).u8(1).u16(2).u32(3).f64(4.0).text("five").text_option(Some("six"));
        let read = |bytes: &[u8]| -> Result<(), Malformed> {
            let mut reader = Reader::new(bytes);
            reader.u8()?;
            reader.u16()?;
            reader.u32()?;
            reader.whole()?;
            reader.text()?;
            reader.text_option()?;
            if reader.is_empty() { Ok(()) } else { Err(Malformed) }
        };
        assert_eq!(read(&bytes), Ok(()));
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Err(Malformed), "cut at {end}");
        }
    }

    #[test]
    fn reader_refuses_numbers_that_are_not_whole() {
        for value in [-1.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(Reader::new(&value.to_le_bytes()).whole(), Err(Malformed));
        }
    }

    #[test]
    fn reader_refuses_a_length_beyond_the_record() {
        assert_eq!(Reader::new(&u32::MAX.to_le_bytes()).bytes(), Err(Malformed));
    }

    #[test]
    fn reader_refuses_text_that_is_not_utf8() {
        assert_eq!(Reader::new(&[1, 0, 0, 0, 0xff]).text(), Err(Malformed));
    }
}
