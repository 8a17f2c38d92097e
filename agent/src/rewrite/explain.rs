//! What is said of edits afterwards: the whole change between two programs, and why one may help.

use super::catalogue::Catalogue;
use super::rewriter::{RewriteError, Rewriter};
use crate::study::{Edit, Sources};

impl Rewriter {
    /// The edits that lead from one program to another at the sites that both have, and at those
    /// where only one has a choice. What a template brings along is part of the choice.
    pub(crate) fn difference(&self, from: &Sources, to: &Sources) -> Result<Vec<Edit>, RewriteError> {
        let new = self.values(to)?;
        let sites = self.sites(from)?;
        let differs = |site: &super::Site| {
            let value = new.get(&site.name).filter(|value| **value != site.value)?;
            Some(site.describe(value))
        };
        Ok(sites.iter().filter_map(differs).collect())
    }
}

impl Catalogue {
    /// Why an edit may help and who found it, as its template says; `None` for a knob.
    pub(crate) fn idea(&self, edit: &Edit) -> Option<String> {
        let path = edit.template.as_deref()?;
        let template = self.templates.get(path)?;
        let (_, why) = template.doc.trim().split_once('\n')?;
        Some(why.trim().to_owned()).filter(|why| !why.is_empty())
    }
}
