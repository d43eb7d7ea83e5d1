internal import CLinux

/// Gives memory that was freed back to the system: what a load took beside what it made is much, and lies in pieces that
/// the allocator would keep.
package func giveBackFreeMemory() { clinux_give_back_free_memory() }
