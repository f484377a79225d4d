//! Indonesian.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: kode Anda {pin}. Berlaku {minutes} menit. Jangan berikan kepada siapa pun.",
    payment: "{service}: untuk membayar {amount} {currency} kepada {payee}, kodenya {pin}. Berlaku {minutes} menit. Jangan berikan kepada siapa pun.",
    call: None,
    grouping: ' ',
    warnings: &["berikan", "bagikan", "beritahu"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "Kode yang dimasukkan tidak benar.",
    one_try: "Tersisa 1 percobaan.",
    tries: ["Tersisa ", " percobaan."],
    last_try: "Tidak ada percobaan yang tersisa, silakan minta kode baru.",
    malformed: "Masukkan semua angka kode tanpa karakter lain. Ini tidak dihitung sebagai percobaan.",
    expired: "Kode sudah kedaluwarsa.",
    exhausted: "Tidak ada percobaan yang tersisa untuk kode ini.",
    unusable: "Kode ini tidak berlaku lagi.",
    ask_anew: "Silakan minta kode baru.",
    locked: "Terlalu banyak kode yang salah.",
    cooldown: "Permintaan ini baru saja diajukan.",
    too_many: "Terlalu banyak pesan telah dikirim.",
    not_allowed: "Kode tidak dapat dikirim ke nomor ini dengan cara ini.",
    nothing_locked: "Tidak ada yang terkunci untuk pengguna dan nomor ini.",
    provider: "Pesan tidak dapat dikirim.",
    ours: "Terjadi masalah di pihak kami.",
    later: "Silakan coba lagi nanti.",
    again_in: ["Silakan coba lagi dalam ", "."],
    contact: "Silakan hubungi kami.",
    second: " detik",
    seconds: " detik",
    minutes: " menit",
    hours: " jam",
};
