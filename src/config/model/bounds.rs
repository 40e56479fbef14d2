//! `[limits]`, where it is not about grammars.

/// How much there may be of what callers and others ask for. What reaches a bound is refused and counted by the name of
/// its key, and everybody else goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// `line`: how long a line of the engine's may be, in bytes.
    pub line: usize,
    /// `pending-bytes`: how much may wait for an engine that does not read, in bytes.
    pub pending_bytes: usize,
    /// `channels`: how many channels, and as many legs, are known.
    pub channels: usize,
    /// `rooms`: how many rooms are known.
    pub rooms: usize,
    /// `waiting-digits`: how many digits of one call wait for an earlier one, or to go on.
    pub waiting_digits: usize,
    /// `codes-per-second`: how many codes a caller may fire in a second for long, and twice as many at once; 0 for any.
    pub codes_per_second: u32,
    /// `operations`: how many steps of operations may wait for the engine's answer when one begins.
    pub operations: usize,
    /// `operations-per-caller`: how many operations of one caller wait for those before them.
    pub operations_per_caller: usize,
    /// `prompts`: how many sounds wait for one caller, or one room.
    pub prompts: usize,
    /// `calls`: how many calls to others are under way.
    pub calls: usize,
    /// `store-questions`: how many questions wait for the store.
    pub store_questions: usize,
    /// `control-clients`: how many are connected to the control socket.
    pub control_clients: usize,
    /// `control-requests`: how many of their requests wait.
    pub control_requests: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            line: 16_000_000,
            pending_bytes: 16_000_000,
            channels: 65_536,
            rooms: 10_000,
            waiting_digits: 256,
            codes_per_second: 5,
            operations: 10_000,
            operations_per_caller: 32,
            prompts: 64,
            calls: 1_000,
            store_questions: 4_096,
            control_clients: 64,
            control_requests: 32,
        }
    }
}
