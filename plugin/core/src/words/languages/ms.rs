//! Malay.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: kod anda {pin}. Sah selama {minutes} minit. Jangan kongsi dengan sesiapa.",
    payment: "{service}: untuk membayar {amount} {currency} kepada {payee}, kodnya {pin}. Sah selama {minutes} minit. Jangan kongsi dengan sesiapa.",
    call: None,
    grouping: ',',
    warnings: &["kongsi", "berikan", "beritahu"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "Kod yang dimasukkan tidak betul.",
    one_try: "Tinggal 1 percubaan lagi.",
    tries: ["Tinggal ", " percubaan lagi."],
    last_try: "Tiada percubaan lagi, sila minta kod baharu.",
    malformed: "Masukkan semua digit kod tanpa aksara lain. Ini tidak dikira sebagai percubaan.",
    expired: "Kod telah tamat tempoh.",
    exhausted: "Tiada percubaan lagi untuk kod ini.",
    unusable: "Kod ini tidak boleh digunakan lagi.",
    ask_anew: "Sila minta kod baharu.",
    locked: "Terlalu banyak kod yang salah.",
    cooldown: "Permintaan ini baru sahaja dibuat.",
    too_many: "Terlalu banyak mesej telah dihantar.",
    not_allowed: "Kod tidak dapat dihantar ke nombor ini dengan cara ini.",
    nothing_locked: "Tiada apa-apa yang dikunci untuk pengguna dan nombor ini.",
    provider: "Mesej tidak dapat dihantar.",
    ours: "Terdapat masalah di pihak kami.",
    later: "Sila cuba lagi nanti.",
    again_in: ["Sila cuba lagi dalam ", "."],
    contact: "Sila hubungi kami.",
    second: " saat",
    seconds: " saat",
    minutes: " minit",
    hours: " jam",
};
