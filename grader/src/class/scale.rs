//! The scale of a gradebook: its own maximum, to which the points are converted, written as the file writes numbers.

use super::roster::{Form, Roster};
use super::worksheet::folded_head;
use super::worksheet::{self, Column};
use crate::intake::platform::Platform;

/// Most digits of a maximum: no course gives more points.
const DIGITS_MAX: usize = 9;
/// Decimals of a converted mark, where the file's own numbers have fewer.
const DECIMALS: u32 = 2;

/// A maximum, as it is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maximum {
    /// Its value without the decimal mark: 2000 for `20.00`.
    digits: u64,
    /// How many of the digits are decimals.
    decimals: u32,
    /// The decimal mark that the file uses.
    mark: char,
}

impl Maximum {
    /// The maximum in a cell that holds nothing else; `None` if it is no number above zero. `mark` is the file's decimal mark, if the
    /// cell has none. Cost: O(text).
    pub fn of_cell(cell: &str, mark: char) -> Option<Self> {
        let cell = cell.trim();
        let (whole, rest) = cell.split_once(['.', ',']).unwrap_or((cell, ""));
        let own = cell.chars().find(|c| matches!(c, '.' | ','));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        // `1,000` may be a thousand as well as one.
        let is_clear = own != Some(',') || rest.len() != 3;
        if whole.is_empty()
            || !is_number(whole)
            || !is_number(rest)
            || whole.len() + rest.len() > DIGITS_MAX
            || !is_clear
        {
            return None;
        }
        let digits: u64 = format!("{whole}{rest}").parse().ok()?;
        (digits > 0).then_some(Self { digits, decimals: u32::try_from(rest.len()).ok()?, mark: own.unwrap_or(mark) })
    }

    /// The maximum that a column's name tells: `… [Total Pts: 20 Score]` in Blackboard, `… <Numeric MaxPoints:10>` in Brightspace,
    /// `… /20` in a list of somebody's own. Cost: O(name).
    pub fn of_head(name: &str, mark: char) -> Option<Self> {
        let name = name.trim();
        let between = |open: char, close: char| name.get(name.rfind(open)? + 1..name.rfind(close)?);
        let told = [('[', ']'), ('<', '>')].into_iter().find_map(|(open, close)| {
            let (_, value) = between(open, close).filter(|text| !text.is_empty())?.split_once(':')?;
            let value = value.trim_start_matches(|c: char| !c.is_ascii_digit());
            Some(value.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').next().unwrap_or_default())
        });
        let after_slash = || {
            let (before, value) = name.trim_end_matches([')', ']']).rsplit_once('/')?;
            // `Lab 11/20` may be a date.
            (!before.ends_with(|c: char| c.is_ascii_digit())).then_some(value)
        };
        Self::of_cell(told.or_else(after_slash)?, mark)
    }

    /// The maximum as the file writes it.
    pub fn shown(self) -> String {
        written(self.digits.into(), self.decimals, self.decimals, self.mark)
    }

    /// `points` of `most` on this scale, rounded to the decimals of the file or to two, whichever are more. On a scale that ends where
    /// the points do they are the points.
    pub fn mark(self, points: u32, most: u32) -> String {
        if self.is(most) || most == 0 {
            return points.to_string();
        }
        let decimals = self.decimals.max(DECIMALS);
        let scaled = u128::from(points) * u128::from(self.digits) * 10_u128.pow(decimals - self.decimals);
        let most = u128::from(most);
        written((scaled * 2 + most) / (most * 2), decimals, self.decimals, self.mark)
    }

    /// Whether it is this number of points.
    pub fn is(self, points: u32) -> bool {
        u128::from(points) * 10_u128.pow(self.decimals) == u128::from(self.digits)
    }
}

/// A number of `decimals` decimals, of which zeros at the end are left out down to `least`.
fn written(digits: u128, decimals: u32, least: u32, mark: char) -> String {
    let (mut digits, mut decimals) = (digits, decimals);
    while decimals > least && digits.is_multiple_of(10) {
        (digits, decimals) = (digits / 10, decimals - 1);
    }
    let unit = 10_u128.pow(decimals);
    if decimals == 0 {
        return digits.to_string();
    }
    format!("{}{mark}{:0width$}", digits / unit, digits % unit, width = decimals as usize)
}

/// Where a gradebook has its maximum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// Nowhere: the points are written as they are.
    None,
    /// Once, for the column.
    Column(Maximum),
    /// In a column of its own, row by row.
    Rows(Vec<Option<Maximum>>),
}

/// Names of columns that hold the maximum, as [`folded_head`] makes them, beside Moodle's.
const MAXIMUM: &[&str] =
    &["max points", "max grade", "max score", "maximum", "points_available", "points possible", "bareme"];

impl Scale {
    /// The scale of the gradebook's column `grade`, which is `made` if the gradebook had none. Cost: O(rows).
    pub fn of(roster: &Roster, grade: usize, made: bool) -> Self {
        let mark = decimal_mark(roster, if made { None } else { Some(grade) });
        let named = |name: &String| {
            let name = folded_head(name);
            let graded = roster.head.get(grade).filter(|_| !made).map(|head| folded_head(head));
            // Gradescope has a maximum beside each column: `Lab 1 - Max Points`.
            let of_column = graded.is_some_and(|graded| name == format!("{graded} - max points"));
            of_column || MAXIMUM.contains(&name.as_str()) || worksheet::is(Column::Maximum, &name)
        };
        if let Some(column) = roster.head.iter().position(named) {
            let rows = roster.rows.iter().map(|row| Maximum::of_cell(&row[column], mark)).collect::<Vec<_>>();
            return if rows.iter().any(Option::is_some) { Self::Rows(rows) } else { Self::None };
        }
        if made {
            return Self::None;
        }
        let of_canvas = || {
            let row = roster.rows.iter().find(|row| is_points(row))?;
            Maximum::of_cell(row.get(grade)?, mark)
        };
        let told = if roster.form == Form::Of(Platform::Canvas) { of_canvas() } else { None };
        told.or_else(|| Maximum::of_head(roster.head.get(grade)?, mark)).map_or(Self::None, Self::Column)
    }

    /// The maximum of a row.
    pub fn at(&self, row: usize) -> Option<Maximum> {
        match self {
            Self::None => None,
            Self::Column(maximum) => Some(*maximum),
            // A row without one gets the other rows', if they agree.
            Self::Rows(rows) => rows.get(row).copied().flatten().or_else(|| {
                let mut told = rows.iter().flatten();
                let first = told.next()?;
                told.all(|other| other == first).then_some(*first)
            }),
        }
    }
}

/// Canvas's row of the points that there are.
pub(super) fn is_points(row: &[String]) -> bool {
    row.first().is_some_and(|cell| cell.trim() == "Points Possible")
}

/// The decimal mark of a file whose maximum shows none: that of the marks which stand there, else the one that goes with its
/// separator of cells.
fn decimal_mark(roster: &Roster, grade: Option<usize>) -> char {
    let cells = grade.into_iter().flat_map(|grade| roster.rows.iter().filter_map(move |row| row.get(grade)));
    let mut marks = cells.filter(|cell| cell.contains(|c: char| c.is_ascii_digit()));
    let by_separator = if roster.delimiter == b';' { ',' } else { '.' };
    marks.find_map(|cell| cell.chars().find(|c| matches!(c, '.' | ','))).unwrap_or(by_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_converted_to_the_files_maximum_in_the_files_own_writing() {
        let check = |cell: &str, points: u32, written: &str| {
            let maximum = Maximum::of_cell(cell, ',').expect(cell);
            assert_eq!(maximum.mark(points, 100), written, "{points} on {cell}");
            assert_eq!(maximum.shown(), cell);
        };
        check("20,00", 100, "20,00");
        check("20,00", 96, "19,20");
        check("20.00", 50, "10.00");
        check("10", 86, "8,6");
        check("10", 50, "5");
        check("10", 0, "0");
        check("6,0", 33, "1,98");
        check("15.00000", 33, "4.95000");
        check("7", 33, "2,31");
        check("17.5", 1, "0.18");
        check("100.00", 86, "86");
        check("100", 86, "86");
        for cell in ["", "-", "0", "0.00", "(read only)", "-5", "1,000", "1.2.3", "9999999999", "ten", ".5"] {
            assert_eq!(Maximum::of_cell(cell, '.'), None, "{cell:?}");
        }
    }

    #[test]
    fn a_columns_name_may_tell_its_maximum() {
        for (name, told) in [
            ("TP 1 [Total possible: 20] |4711", Some("20")),
            ("Lab 1 [Total Pts: 100 Score] |9", Some("100")),
            ("Lab 1 [Total Pts: up to 12.5 Percentage] |9", Some("12.5")),
            ("First words Points Grade <Numeric MaxPoints:10 Weight:5>", Some("10")),
            ("TP 1 /20", Some("20")),
            ("TP (/20)", Some("20")),
            ("First words (555)", None),
            ("Lab 11/20", None),
            ("Lab [5]", None),
            ("a] b [", None),
            ("Lab", None),
        ] {
            assert_eq!(Maximum::of_head(name, '.').map(Maximum::shown).as_deref(), told, "{name}");
        }
    }
}
