//! The programs near a parent, where a space lists those that exist: few may differ from it in a few sites.

use super::{SiteView, Space};
use crate::study::Values;

/// Edits as indices of sites and of their values.
pub(super) type Moves = Vec<(usize, usize)>;

/// How each listed program differs from the one that has these sites, where it does so in one to `most` of them. `None`
/// where every combination exists and edits can be drawn blindly.
pub(super) fn neighbours(space: &dyn Space, sites: &[SiteView], most: usize) -> Option<Vec<Moves>> {
    let listing = space.listing()?;
    let moves = listing.iter().filter_map(|values| moves(sites, values, most));
    Some(moves.filter(|moves| !moves.is_empty()).collect())
}

/// The moves that lead to these values; `None` where they are more than `most`, or some value is not to be had.
pub(super) fn moves(sites: &[SiteView], values: &Values, most: usize) -> Option<Moves> {
    let mut moves = Moves::new();
    for (index, site) in sites.iter().enumerate() {
        let value = values.get(&site.name)?;
        if *value != site.value {
            if moves.len() == most {
                return None;
            }
            moves.push((index, site.values.iter().position(|other| other == value)?));
        }
    }
    Some(moves)
}

#[cfg(test)]
mod tests {
    use super::super::toy::{Grid, Sparse};
    use super::*;

    #[test]
    fn neighbours_are_the_listed_programs_with_few_differences() {
        let grid = Grid { categories: 0, ladders: 4, width: 3 };
        let notebook = grid.notebook();
        let baseline = &notebook.programs()[0].program;
        let sites = grid.sites(baseline);
        assert_eq!(neighbours(&grid, &sites, 3), None);

        let row = |digits: &str| {
            let value = |(site, digit): (usize, char)| (format!("ord{site}"), digit.to_string());
            digits.chars().enumerate().map(value).collect::<Values>()
        };
        let sparse = Sparse { grid, rows: ["2222", "2220", "0200", "0001"].map(row).to_vec() };
        assert_eq!(neighbours(&sparse, &sites, 3), Some(vec![vec![(3, 0)], vec![(0, 0), (2, 0), (3, 0)]]));
        assert_eq!(neighbours(&sparse, &sites, 1), Some(vec![vec![(3, 0)]]));
        assert_eq!(moves(&sites, &row("0001"), 4).map(|moves| moves.len()), Some(4));
        assert_eq!(moves(&sites, &row("9222"), 4), None);
    }
}
