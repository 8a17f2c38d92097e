//! What is reported about edits afterwards: the whole change between two programs, and why an edit may help.

use super::catalogue::Catalogue;
use super::rewriter::{RewriteError, Rewriter};
use super::site::{Site, SiteKind};
use crate::study::{Edit, Sources};

impl Rewriter {
    /// The edits that lead from one program to another, in an order in which they can be made: what a template brings
    /// along is part of its choice, and is listed only where the other program has turned it.
    pub(crate) fn difference(&self, from: &Sources, to: &Sources) -> Result<Vec<Edit>, RewriteError> {
        let new = self.values(to)?;
        let mut reached = from.clone();
        let mut edits: Vec<Edit> = Vec::new();
        loop {
            let sites = self.sites(&reached)?;
            let differs = |site: &&Site| {
                let is_other = new.get(&site.name).is_some_and(|value| *value != site.value);
                is_other && !edits.iter().any(|edit| edit.site == site.name)
            };
            // Knobs come and go with choices, so these come first.
            let (knobs, mut next): (Vec<&Site>, Vec<&Site>) =
                sites.iter().filter(differs).partition(|site| site.kind == SiteKind::Knob);
            if next.is_empty() {
                next = knobs;
            }
            if next.is_empty() {
                return Ok(edits);
            }
            let step: Vec<Edit> = next.into_iter().map(|site| site.describe(&new[&site.name])).collect();
            step.iter().try_for_each(|edit| self.set(&mut reached, &edit.site, &edit.to))?;
            edits.extend(step);
        }
    }
}

impl Catalogue {
    /// Why an edit may help and who found it, from its template; `None` for a knob.
    pub(crate) fn idea(&self, edit: &Edit) -> Option<String> {
        let path = edit.template.as_deref()?;
        let template = self.templates.get(path)?;
        let (_, why) = template.doc.trim().split_once('\n')?;
        Some(why.trim().to_owned()).filter(|why| !why.is_empty())
    }
}
