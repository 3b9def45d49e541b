//! One value of a row, read tolerantly: text may be invalid UTF-8, numbers may be text, all may be NULL.

use std::borrow::Cow;

use rusqlite::Row;
use rusqlite::types::ValueRef;

use crate::sanitize::cut;

/// The text of a column; numbers in their shortest form, invalid UTF-8 replaced.
pub(crate) fn text<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<Option<Cow<'row, str>>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Real(number) => Some(Cow::Owned(number.to_string())),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(utf8(bytes)),
    })
}

/// The bytes as text: at once where they are valid, as they nearly always are.
pub(crate) fn utf8(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// No name or id of a bot comes near it.
const LONGEST_NAME_CHARS: usize = 200;

/// A name (coin, status, kind): the text of a column, at most so long as a name may be.
pub(crate) fn name<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<Option<Cow<'row, str>>> {
    Ok(text(row, column)?.map(|name| match name.len() {
        ..=LONGEST_NAME_CHARS => name,
        _ => Cow::Owned(cut(&name, LONGEST_NAME_CHARS)),
    }))
}

/// The finite number of a column; `None` for NULL, infinities and text that is no number.
pub(crate) fn real(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<f64>> {
    let number = match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse().ok()),
        ValueRef::Null | ValueRef::Blob(_) => None,
    };
    Ok(number.filter(|number: &f64| number.is_finite()))
}

/// The whole number of a column; a fraction is cut.
pub(crate) fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<i64>> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Some(number),
        _ => real(row, column)?.map(|number| number as i64),
    })
}
