//! Spanish.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: tu clave es {pin}. Vale {minutes} min. No la compartas con nadie.",
    payment: "{service}: para pagar {amount} {currency} a {payee}, la clave es {pin}. Vale {minutes} min. No la compartas con nadie.",
    call: None,
    grouping: ' ',
    warnings: &["compart", "digas", "reveles"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "Esa no es la clave.",
    one_try: "Queda 1 intento.",
    tries: ["Quedan ", " intentos."],
    last_try: "No quedan intentos, así que pide una clave nueva.",
    malformed: "Escribe todos los dígitos de la clave y nada más. Esto no ha contado como intento.",
    expired: "La clave ha caducado.",
    exhausted: "No quedan intentos para esta clave.",
    unusable: "Esta clave ya no sirve.",
    ask_anew: "Pide una nueva.",
    locked: "Ha habido demasiadas claves incorrectas.",
    cooldown: "Esto se ha pedido hace un momento.",
    too_many: "Se han enviado demasiados mensajes.",
    not_allowed: "No se puede enviar una clave a este número de esta forma.",
    nothing_locked: "No hay nada bloqueado para este usuario y este número.",
    provider: "No se ha podido enviar el mensaje.",
    ours: "Algo ha fallado por nuestra parte.",
    later: "Inténtalo de nuevo más tarde.",
    again_in: ["Inténtalo de nuevo dentro de ", "."],
    contact: "Contáctanos para recibir ayuda.",
    second: " segundo",
    seconds: " segundos",
    minutes: " minutos",
    hours: " horas",
};
