//! Operations on the room, and those by which callers come to one.

use super::{Operation, Reader, Roles, templates};
use crate::config::read::Findings;
use crate::template::Template;

impl Reader<'_, '_, '_> {
    pub(super) fn kick(&self, found: &mut Findings<'_>) -> Option<Operation> {
        Some(Operation::Kick { seat: Some(self.template("seat", found)?) })
    }

    pub(super) fn invite(&self, roles: &mut Roles, found: &mut Findings<'_>) -> Option<Operation> {
        let role = self.table.text("role", found);
        if let Some(role) = &role {
            roles.named(role, found);
        }
        let number = self.template("number", found)?;
        Some(Operation::Invite { number, role: role.map(|role| role.value) })
    }

    pub(super) fn announce(&self, found: &mut Findings<'_>) -> Option<Operation> {
        let sound = self.table.text("sound", found)?;
        Some(Operation::Announce { sound: templates::resource(&sound, &self.scope, found)? })
    }

    pub(super) fn extend(&self, found: &mut Findings<'_>) -> Option<Operation> {
        Some(Operation::Extend { by: self.table.duration_if_set("by", found)? })
    }

    pub(super) fn enter_pin(&self, found: &mut Findings<'_>) -> Option<Operation> {
        Some(Operation::EnterPin { pin: self.template("pin", found)? })
    }

    pub(super) fn enter_room(&self, found: &mut Findings<'_>) -> Option<Operation> {
        Some(Operation::EnterRoom { room: self.room(found)? })
    }

    /// The room that the code names.
    pub(super) fn room(&self, found: &mut Findings<'_>) -> Option<Template> {
        super::room(&self.table.text("room", found)?, &self.scope, found)
    }

    fn template(&self, key: &str, found: &mut Findings<'_>) -> Option<Template> {
        templates::read(&self.table.text(key, found)?, &self.scope, found)
    }
}
