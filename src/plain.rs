//! What a text may hold that does something else than be read, where it is shown.

/// A text that can do nothing but be read: what acts is spelled out, and of what is longer than so many characters `…` stands
/// for the rest.
pub(crate) fn spelled_out(text: &str, longest: usize) -> String {
    let mut plain = String::with_capacity(text.len().min(longest));
    for (at, character) in text.chars().enumerate() {
        if at == longest {
            plain.push('…');
            break;
        }
        if acts(character) {
            plain.extend(character.escape_default());
        } else {
            plain.push(character);
        }
    }
    plain
}

/// Whether a terminal, or whatever else shows it, does something else with a character than show it: moves, colours, turns
/// the direction of writing, or shows nothing at all. What joins letters and signs stays.
pub(crate) fn acts(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{200b}'
            | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
}
