//! A thread's connections by slot. An id names the slot and how often it had been used, so that a late command for a
//! connection that is gone does not meet its successor.

use crate::conn::Connection;
use crate::limits::CONNECTIONS_MAX;

const SLOT_BITS: u32 = CONNECTIONS_MAX.trailing_zeros();

#[derive(Default)]
pub struct Slots {
    entries: Vec<Entry>,
    free: Vec<u32>,
}

#[derive(Default)]
struct Entry {
    connection: Option<Box<Connection>>,
    uses: u32,
}

impl Slots {
    /// Room for one more?
    pub fn full(&self) -> bool {
        self.free.is_empty() && self.entries.len() >= CONNECTIONS_MAX
    }

    /// Number a connection and keep it.
    pub fn insert(&mut self, mut connection: Box<Connection>) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry::default());
            self.entries.len() as u32 - 1
        });
        let entry = &mut self.entries[slot as usize];
        entry.uses = entry.uses.wrapping_add(1);
        connection.slot = slot;
        connection.id = id(slot, entry.uses);
        entry.connection = Some(connection);
        slot
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Connection> {
        self.entries.get_mut(slot as usize)?.connection.as_deref_mut()
    }

    /// The slot of a connection that is still there.
    pub fn find(&self, id: u32) -> Option<u32> {
        let slot = id & ((1 << SLOT_BITS) - 1);
        let connection = self.entries.get(slot as usize)?.connection.as_ref()?;
        (connection.id == id).then_some(slot)
    }

    /// Take a connection out for its turn; `put` it back or `release` its slot.
    pub fn take(&mut self, slot: u32) -> Option<Box<Connection>> {
        self.entries.get_mut(slot as usize)?.connection.take()
    }

    pub fn put(&mut self, connection: Box<Connection>) {
        let slot = connection.slot as usize;
        self.entries[slot].connection = Some(connection);
    }

    pub fn release(&mut self, slot: u32) {
        self.free.push(slot);
    }

    pub fn occupied(&self) -> Vec<u32> {
        let slots = self.entries.iter().enumerate().filter(|(_, entry)| entry.connection.is_some());
        slots.map(|(slot, _)| slot as u32).collect()
    }
}

fn id(slot: u32, uses: u32) -> u32 {
    uses << SLOT_BITS | slot
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_between_uses_of_a_slot() {
        assert_ne!(id(3, 1), id(3, 2));
        assert_eq!(id(3, 1) & ((1 << SLOT_BITS) - 1), 3);
    }
}
