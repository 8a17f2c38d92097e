//! The programs near a parent, where a space lists those that exist: few may differ from it in a few sites.

use super::random::EDIT_COUNTS;
use super::{SiteView, Space};

/// Edits as indices of sites and of their values.
pub(super) type Moves = Vec<(usize, usize)>;

/// All that one edit gives, all that two give, all that three give.
pub(super) type Near = [Vec<Moves>; EDIT_COUNTS.len()];

/// How each listed program differs from the one that has these sites, where it is near. `None` where programs are not
/// listed, and edits can be drawn blindly.
pub(super) fn neighbours(space: &dyn Space, sites: &[SiteView]) -> Option<Near> {
    let listing = space.listing()?;
    let from = present(sites);
    let mut near = Near::default();
    for row in listing {
        let distance = row.iter().zip(&from).filter(|(to, from)| to != from).count();
        if (1..=near.len()).contains(&distance) {
            near[distance - 1].push(moves(&from, row));
        }
    }
    Some(near)
}

/// The program that has these sites, as listings have it.
pub(super) fn present(sites: &[SiteView]) -> Vec<u16> {
    let index = |site: &SiteView| site.values.iter().position(|value| *value == site.value);
    sites.iter().map(|site| index(site).map_or(u16::MAX, |index| index as u16)).collect()
}

/// The moves from one listed program to another.
pub(super) fn moves(from: &[u16], to: &[u16]) -> Moves {
    let sites = from.iter().zip(to).enumerate();
    sites.filter(|(_, (from, to))| from != to).map(|(site, (_, to))| (site, usize::from(*to))).collect()
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
        assert_eq!(neighbours(&grid, &sites), None);

        let rows = [[2, 2, 2, 2], [2, 2, 2, 0], [0, 2, 0, 0], [0, 0, 0, 1]];
        let sparse = Sparse { grid, rows: rows.concat() };
        let near = [vec![vec![(3, 0)]], vec![], vec![vec![(0, 0), (2, 0), (3, 0)]]];
        assert_eq!(neighbours(&sparse, &sites), Some(near));
    }
}
