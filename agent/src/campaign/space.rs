//! The programs that edits can reach, from a policy's view.

use std::collections::HashMap;

use crate::policy::{Change, Derived, Program, SiteView, Space};
use crate::project::Project;
use crate::study::{Edit, ProgramId, Sources};

/// Sources of the programs that may be parents, with the rewriter that edits them.
#[derive(Debug)]
pub(super) struct SourceSpace<'a> {
    pub(super) project: &'a Project,
    pub(super) sources: &'a HashMap<ProgramId, Sources>,
}

impl SourceSpace<'_> {
    /// The edits for some changes of a parent, and the program they give.
    pub(super) fn edit(&self, parent: &ProgramId, changes: &[Change]) -> Option<(Vec<Edit>, Sources)> {
        let sources = self.sources.get(parent)?;
        let sites = self.project.rewriter.sites(sources).ok()?;
        let describe = |(name, to): &Change| Some(sites.iter().find(|site| site.name == *name)?.describe(to));
        let edits: Vec<Edit> = changes.iter().map(describe).collect::<Option<_>>()?;
        let edited = self.project.rewriter.apply(sources, &edits).ok()?;
        Some((edits, edited))
    }
}

impl Space for SourceSpace<'_> {
    fn sites(&self, parent: &Program) -> Vec<SiteView> {
        let sites =
            self.sources.get(&parent.id).and_then(|sources| self.project.rewriter.sites(sources).ok());
        let view = |site: crate::rewrite::Site| SiteView {
            name: site.name,
            kind: site.kind.as_str(),
            ordered: site.ordered,
            value: site.value,
            values: site.values,
        };
        sites.unwrap_or_default().into_iter().map(view).collect()
    }

    fn derive(&self, parent: &Program, changes: &[Change]) -> Option<Derived> {
        let (edits, sources) = self.edit(&parent.id, changes)?;
        let values = self.project.rewriter.values(&sources).ok()?;
        Some(Derived { id: self.project.identity(&sources), values, edits })
    }
}
