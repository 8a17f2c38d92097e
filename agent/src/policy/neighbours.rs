//! The programs near a parent, where a space lists those that exist: few may differ from it in a few sites.

use super::{SiteView, Space};

/// Edits as indices of sites and of their values.
pub(super) type Moves = Vec<(usize, usize)>;

/// How each listed program differs from the one that has these sites, where it does so in one to `most` of them. `None`
/// where programs are not listed, and edits can be drawn blindly.
pub(super) fn neighbours(space: &dyn Space, sites: &[SiteView], most: usize) -> Option<Vec<Moves>> {
    let listing = space.listing()?;
    let from = present(sites);
    let distance = |row: &&[u16]| row.iter().zip(&from).filter(|(to, from)| to != from).count();
    let near = listing.filter(|row| (1..=most).contains(&distance(row)));
    Some(near.map(|row| moves(&from, row)).collect())
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
        assert_eq!(neighbours(&grid, &sites, 3), None);

        let rows = [[2, 2, 2, 2], [2, 2, 2, 0], [0, 2, 0, 0], [0, 0, 0, 1]];
        let sparse = Sparse { grid, rows: rows.concat() };
        assert_eq!(neighbours(&sparse, &sites, 3), Some(vec![vec![(3, 0)], vec![(0, 0), (2, 0), (3, 0)]]));
        assert_eq!(neighbours(&sparse, &sites, 1), Some(vec![vec![(3, 0)]]));
        assert_eq!(neighbours(&sparse, &sites, 4).map(|near| near.len()), Some(3));
    }
}
