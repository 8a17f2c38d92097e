//! From the texts of a program to the outlines of its files, each read once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use crate::study::Sources;

use super::build::Build;
use super::catalogue::Catalogue;
use super::expression::Pattern;
use super::outline::Outline;
use super::parse::SyntaxError;
use super::program::{Program, SourceFile};

/// Number of files that are remembered. A search asks for the same parents over and over.
const REMEMBERED: usize = 512;
const EXTENSION: &str = ".rs";

/// A file of a program that is not Rust.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{source}: this cannot be read as Rust; correct the file")]
pub(crate) struct Unreadable {
    file: String,
    source: SyntaxError,
}

#[derive(Debug)]
pub(super) struct Reader {
    build: Build,
    patterns: Vec<Pattern>,
    /// Keys of the places that templates fill.
    keys: BTreeSet<String>,
    /// By the text of the file.
    outlines: Mutex<HashMap<String, Arc<Outline>>>,
}

impl Reader {
    pub(super) fn new(catalogue: &Catalogue, build: Build) -> Self {
        Self { build, patterns: catalogue.patterns(), keys: catalogue.keys(), outlines: Mutex::default() }
    }

    /// The patterns that files are searched for.
    pub(super) fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Reads the Rust files among the sources.
    pub(super) fn program(&self, sources: &Sources) -> Result<Program, Unreadable> {
        let rust = sources.0.iter().filter(|(path, _)| path.ends_with(EXTENSION));
        let files = rust.map(|(path, text)| {
            let outline = self.outline(text).map_err(|source| Unreadable { file: path.clone(), source })?;
            Ok((path.clone(), SourceFile { text: text.clone(), outline }))
        });
        Ok(Program { files: files.collect::<Result<_, Unreadable>>()? })
    }

    fn outline(&self, text: &str) -> Result<Arc<Outline>, SyntaxError> {
        let mut outlines = self.outlines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(outline) = outlines.get(text) {
            return Ok(Arc::clone(outline));
        }
        if outlines.len() >= REMEMBERED {
            outlines.clear();
        }
        let outline =
            Arc::new(Outline::read(text, &self.build, &self.patterns, &|key| self.keys.contains(key))?);
        outlines.insert(text.to_owned(), Arc::clone(&outline));
        Ok(outline)
    }
}
