//! Samples: how the files of a voice are made such as the engine plays them without converting anything.

use std::f32::consts::PI;

use super::tone::Tone;

/// Samples a second of what is played to callers.
pub const RATE: u32 = 8000;

/// The engine plays blocks of 20 ms; files of whole blocks follow each other without a gap.
const BLOCK: usize = 160;
/// As loud as the engine's own tones.
const TONE_PEAK: f32 = 5000.0 / 32768.0;
/// How loud speech is made where it is loud, and the peak that it may not exceed.
const SPEECH_LOUDNESS: f32 = 0.14;
const SPEECH_PEAK: f32 = 0.89;
/// What is less than this part of the loudest is silence, at either end.
const SILENCE: f32 = 0.01;

/// A file in the format `.au`: big-endian, 16 bits, one channel, 8000 samples a second.
#[must_use]
pub fn au(samples: &[i16]) -> Vec<u8> {
    const HEADER: u32 = 32;
    let size = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(samples.len() * 2 + HEADER as usize);
    file.extend(b".snd");
    for field in [HEADER, size, 3, RATE, 1] {
        file.extend(field.to_be_bytes());
    }
    file.resize(HEADER as usize, 0);
    file.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
    file
}

/// Tones as samples, with the rests between them and none after the last.
#[must_use]
pub fn tones(tones: &[Tone]) -> Vec<i16> {
    let count = |milliseconds: u32| (milliseconds * RATE / 1000) as usize;
    let mut samples = Vec::new();
    for (place, tone) in tones.iter().enumerate() {
        let step = 2.0 * PI * tone.hz as f32 / RATE as f32;
        let mut note: Vec<f32> =
            (0..count(tone.sounds)).map(|at| TONE_PEAK * (step * at as f32).sin()).collect();
        fade(&mut note);
        samples.extend(note);
        if place + 1 < tones.len() {
            samples.resize(samples.len() + count(tone.rests), 0.0);
        }
    }
    quantized(samples)
}

/// What a voice has spoken, as samples to be played: of the right rate, without silence at its ends, and as loud as
/// the others. `None` if it is silent.
#[must_use]
pub fn speech(spoken: &[f32], rate: u32) -> Option<Vec<i16>> {
    let mut samples = trimmed(&resampled(spoken, rate))?.to_vec();
    level(&mut samples);
    fade(&mut samples);
    Some(quantized(samples))
}

/// Reads a WAV file of 16 bits and one channel: its rate and samples.
///
/// # Errors
/// What is wrong with it.
pub fn wav(file: &[u8]) -> Result<(u32, Vec<f32>), &'static str> {
    let mut rest = match file.strip_prefix(b"RIFF").and_then(|rest| rest.get(4..)) {
        Some(rest) => rest.strip_prefix(b"WAVE").ok_or("it is no WAV file")?,
        None => return Err("it is no WAV file"),
    };
    let mut rate = None;
    while let Some((head, body)) = rest.split_at_checked(8) {
        let (name, size) = head.split_at(4);
        let size = size.iter().rev().fold(0, |sum: usize, &byte| sum << 8 | usize::from(byte));
        // What is written to a pipe is not as long as its header says: that was written before its end was known.
        let (chunk, after) = body.split_at(size.min(body.len()));
        match (name, chunk, rate) {
            (b"fmt ", [1, 0, 1, 0, a, b, c, d, .., 16, 0], _) => {
                rate =
                    Some(u32::from_le_bytes([*a, *b, *c, *d])).filter(|rate| (4000..=192_000).contains(rate));
            }
            (b"fmt ", ..) => return Err("it is not of 16 bits and one channel"),
            (b"data", _, Some(rate)) => {
                let pairs = chunk.chunks_exact(2);
                let samples = pairs.map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32768.0);
                return Ok((rate, samples.collect()));
            }
            _ => {}
        }
        rest = after;
    }
    Err("there is no sound in it")
}

/// The same sound at 8000 samples a second: what a telephone cannot carry is taken out first, or it would be heard
/// as something else.
fn resampled(samples: &[f32], rate: u32) -> Vec<f32> {
    let ratio = rate as f32 / RATE as f32;
    // The filter begins to close at 3400 Hz and lets next to nothing pass from 4000 on.
    let cutoff = 2.0 * 3700.0f32.min(rate as f32 * 0.46) / rate as f32;
    let half = (32.0 * ratio.max(1.0)).ceil() as isize;
    let count = (samples.len() as f64 * f64::from(RATE) / f64::from(rate)) as usize;
    (0..count)
        .map(|at| {
            let centre = at as f64 * f64::from(rate) / f64::from(RATE);
            let nearest = centre as isize;
            (nearest - half..=nearest + half)
                .filter_map(|place| {
                    let sample = samples.get(usize::try_from(place).ok()?)?;
                    Some(sample * filter((place as f64 - centre) as f32, cutoff, half as f32))
                })
                .sum()
        })
        .collect()
}

/// A low-pass: sin(x)/x, ended softly by Blackman's window.
fn filter(distance: f32, cutoff: f32, half: f32) -> f32 {
    let x = PI * cutoff * distance;
    let sinc = if x.abs() < 1e-6 { 1.0 } else { x.sin() / x };
    let turn = PI * (distance / half).clamp(-1.0, 1.0);
    cutoff * sinc * (0.42 + 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos())
}

/// Without the silence at either end, but for a moment, so that no sound loses its beginning.
fn trimmed(samples: &[f32]) -> Option<&[f32]> {
    let threshold = peak(samples) * SILENCE;
    let loud = |sample: &f32| sample.abs() > threshold;
    let first = samples.iter().position(loud)?.saturating_sub(BLOCK / 2);
    let last = samples.iter().rposition(loud)?;
    Some(&samples[first..(last + BLOCK * 2).min(samples.len())])
}

/// Makes speech as loud as any other, where it is spoken, without clipping it.
fn level(samples: &mut [f32]) {
    let mean = |block: &[f32]| block.iter().map(|sample| sample * sample).sum::<f32>() / block.len() as f32;
    let blocks: Vec<f32> = samples.chunks(BLOCK).map(mean).collect();
    let loudest = blocks.iter().copied().fold(0.0, f32::max);
    let spoken: Vec<f32> = blocks.into_iter().filter(|&power| power > loudest / 30.0).collect();
    let loudness = (spoken.iter().sum::<f32>() / spoken.len().max(1) as f32).sqrt();
    let gain = (SPEECH_LOUDNESS / loudness).min(SPEECH_PEAK / peak(samples));
    if gain.is_finite() {
        samples.iter_mut().for_each(|sample| *sample *= gain);
    }
}

/// Ends that come and go within 5 ms do not click.
fn fade(samples: &mut [f32]) {
    let over = (RATE as usize / 200).min(samples.len() / 2);
    let count = samples.len();
    for at in 0..over {
        let part = at as f32 / over as f32;
        samples[at] *= part;
        samples[count - 1 - at] *= part;
    }
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

/// As whole numbers, filled up to a whole block.
fn quantized(mut samples: Vec<f32>) -> Vec<i16> {
    samples.resize(samples.len().next_multiple_of(BLOCK), 0.0);
    samples.iter().map(|sample| (sample * 32767.0).round() as i16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f32, rate: u32, seconds: f32) -> Vec<f32> {
        let count = (rate as f32 * seconds) as usize;
        (0..count).map(|at| 0.5 * (2.0 * PI * hz * at as f32 / rate as f32).sin()).collect()
    }

    #[test]
    fn what_a_telephone_carries_is_kept_and_what_it_does_not_is_taken_out() {
        for rate in [8000, 16000, 22050, 44100, 48000] {
            for (hz, least, most) in [(300.0, 0.48, 0.52), (1000.0, 0.48, 0.52), (3000.0, 0.48, 0.52)] {
                let there = peak(&resampled(&sine(hz, rate, 0.5), rate)[400..3600]);
                assert!((least..most).contains(&there), "{rate} {hz}: {there}");
            }
            for hz in [4200.0, 5000.0, 7000.0, 9500.0].into_iter().filter(|&hz| hz < rate as f32 * 0.49) {
                let there = peak(&resampled(&sine(hz, rate, 0.5), rate)[400..3600]);
                assert!(there < 0.003, "{rate} {hz}: {there}");
            }
        }
    }

    #[test]
    fn speech_loses_its_silence_and_gains_its_loudness_and_is_never_clipped() {
        for loud in [0.01f32, 0.2, 1.9] {
            let mut spoken = vec![0.0; 22050];
            spoken.extend(sine(700.0, 22050, 0.5).iter().map(|sample| sample * loud));
            spoken.resize(spoken.len() + 22050, 0.0);
            let samples = speech(&spoken, 22050).expect("something");
            assert!(
                (4000..4800).contains(&samples.len()) && samples.len().is_multiple_of(BLOCK),
                "{}",
                samples.len()
            );
            let peak = samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
            assert!((5900..7000).contains(&peak), "{loud}: {peak}");
        }
        let click: Vec<f32> = (0..22050).map(|at| if at % 2000 < 10 { 0.9 } else { 0.0002 }).collect();
        let samples = speech(&click, 22050).expect("something");
        assert!(samples.iter().all(|sample| sample.unsigned_abs() < 29_300));
        assert_eq!(speech(&[0.0; 9000], 22050), None);
        assert_eq!(speech(&[], 22050), None);
    }

    #[test]
    fn a_wav_file_from_a_pipe_is_read_to_its_end() {
        let mut file = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(22050u32.to_le_bytes());
        file.extend(44100u32.to_le_bytes());
        file.extend(b"\x02\0\x10\0data\0\xf0\xff\x7f\0\x40\0\xc0\x07");
        assert_eq!(wav(&file), Ok((22050, vec![0.5, -0.5])));
        file[22] = 2;
        assert_eq!(wav(&file), Err("it is not of 16 bits and one channel"));
        assert_eq!(wav(b""), Err("it is no WAV file"));
        assert_eq!(wav(b"RIFF1234WAVE"), Err("there is no sound in it"));
    }
}
