//! PINs, and what they are kept as.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

use super::{Pin, PinHash};

/// Memory, in KiB, and passes: what OWASP has for Argon2id as the least, of which one look takes some tens of
/// milliseconds. A PIN has few digits, so that a hash that got out can be guessed whatever this is; it is the waits after
/// wrong PINs that keep callers from guessing.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// What a hash may ask for at most, in KiB and passes, so that one in a configuration cannot stop the daemon.
const MAX_MEMORY: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;

/// Hashes a PIN, as a PHC string of Argon2id with a salt of its own. It takes some tens of milliseconds.
///
/// # Errors
/// That the machine has no randomness, or no memory.
pub fn hash_pin(pin: &Pin) -> Result<PinHash, String> {
    let params = Params::new(MEMORY, PASSES, 1, None).map_err(|error| error.to_string())?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash: PasswordHash = argon2
        .hash_password(pin.reveal().as_bytes())
        .map_err(|error| format!("the PIN cannot be hashed: {error}"))?;
    Ok(PinHash::new(hash.to_string()))
}

/// Whether a text is what a PIN can be kept as.
///
/// # Errors
/// Why not. `touchtone hash-pin` writes one that is.
pub fn check_hash(hash: &PinHash) -> Result<(), String> {
    parse(hash).map(drop)
}

/// Which of the hashes a PIN is of: the first, if of several. Every hash is looked at whatever comes of the others, so
/// that the time it takes does not tell. It takes some tens of milliseconds for each.
#[must_use]
pub fn verify_pin(pin: &Pin, hashes: &[PinHash]) -> Option<usize> {
    let right: Vec<bool> = hashes.iter().map(|hash| is_of(pin, hash)).collect();
    right.into_iter().position(|right| right)
}

fn is_of(pin: &Pin, hash: &PinHash) -> bool {
    let parsed = parse(hash);
    parsed.is_ok_and(|hash| Argon2::default().verify_password(pin.reveal().as_bytes(), &hash).is_ok())
}

fn parse(hash: &PinHash) -> Result<PasswordHash, String> {
    let parsed = PasswordHash::new(hash.as_str().trim());
    let parsed = parsed.map_err(|_| "this is no hash of a PIN, as $argon2id$v=19$m=…".to_owned())?;
    if parsed.algorithm.as_str() != "argon2id" {
        return Err(format!("a PIN is kept by argon2id, not {}", parsed.algorithm));
    }
    if parsed.salt.is_none() || parsed.hash.is_none() {
        return Err("this hash of a PIN is cut off".to_owned());
    }
    let params = Params::try_from(&parsed).map_err(|error| format!("this hash cannot be used ({error})"))?;
    if params.m_cost() > MAX_MEMORY || params.t_cost() > MAX_PASSES || params.p_cost() > 16 {
        return Err(format!("this hash wants more than {MAX_MEMORY} KiB or {MAX_PASSES} passes"));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_known_by_its_hash_and_by_no_other() {
        let pin = Pin::new("4711");
        let hash = hash_pin(&pin).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_ne!(hash_pin(&pin).unwrap(), hash, "each has a salt of its own");
        let other = hash_pin(&Pin::new("4712")).unwrap();
        assert_eq!(verify_pin(&pin, &[other.clone(), hash.clone(), hash.clone()]), Some(1));
        assert_eq!(verify_pin(&Pin::new("471"), &[other.clone(), hash]), None);
        assert_eq!(verify_pin(&pin, &[]), None);
        assert_eq!(verify_pin(&pin, &[PinHash::new("4711"), PinHash::new(""), other]), None);
    }

    #[test]
    fn a_text_that_is_no_hash_is_told() {
        let check = |text: &str| check_hash(&PinHash::new(text));
        let good = hash_pin(&Pin::new("4711")).unwrap();
        assert_eq!(check_hash(&good), Ok(()));
        assert!(check("4711").unwrap_err().contains("no hash of a PIN"));
        let other = good.as_str().replace("argon2id", "argon2i");
        assert!(check(&other).unwrap_err().ends_with("not argon2i"));
        assert!(check("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ").unwrap_err().contains("cut off"));
        let greedy = good.as_str().replace("m=19456", "m=4000000");
        assert!(check(&greedy).unwrap_err().contains("more than"));
    }
}
