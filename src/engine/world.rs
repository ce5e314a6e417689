//! The configuration in force, with its folders by number: one immutable value, swapped whole.
use crate::domain::catalogue::{Catalogue, Company, Folder, Org};
use crate::domain::identity::{FolderId, OrgId};
use std::collections::HashMap;
use std::sync::Arc;

/// A folder with what stands above it.
#[derive(Clone, Debug)]
pub struct Home {
    /// The company.
    pub company: Arc<Company>,
    /// The organisation.
    pub org: Arc<Org>,
    /// The folder.
    pub folder: Arc<Folder>,
}

/// The configuration, ready for look-ups by number.
#[derive(Debug, Default)]
pub struct World {
    /// By name.
    pub catalogue: Catalogue,
    folders: HashMap<FolderId, Home>,
    orgs: HashMap<OrgId, (Arc<Company>, Arc<Org>)>,
}

impl World {
    /// Builds the look-ups.
    pub fn new(catalogue: Catalogue) -> Self {
        let mut folders = HashMap::new();
        let mut orgs = HashMap::new();
        for (company, org) in catalogue.orgs() {
            orgs.insert(org.id, (company.clone(), org.clone()));
            for folder in org.folders.values() {
                let home = Home { company: company.clone(), org: org.clone(), folder: folder.clone() };
                folders.insert(folder.id, home);
            }
        }
        Self { catalogue, folders, orgs }
    }

    /// The folder with that number.
    pub fn home(&self, folder: FolderId) -> Option<&Home> {
        self.folders.get(&folder)
    }

    /// The organisation with that number.
    pub fn org(&self, org: OrgId) -> Option<&(Arc<Company>, Arc<Org>)> {
        self.orgs.get(&org)
    }

    /// All folders.
    pub fn homes(&self) -> impl Iterator<Item = &Home> {
        self.folders.values()
    }
}
