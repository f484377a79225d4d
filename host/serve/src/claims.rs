//! The user's claims, from a JWT that the application gave after the password.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue, header};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use xoxzo_2fa_gate::{IdentityClaims, IdentitySettings, SessionCookie};

use crate::document::{JwtSettings, SignatureAlgorithm};

/// Sessions that are remembered. One is a few hundred bytes.
const REMEMBERED: usize = 4_096;

/// Verifies sessions. A signature that was right is right for as long as the keys are these, so each token is verified once.
pub(crate) struct Verifier {
    keys: Vec<(Option<String>, DecodingKey)>,
    validation: Validation,
    max_life: u64,
    /// Sessions that were verified, by the SHA-256 of their tokens.
    seen: Mutex<HashMap<[u8; 32], Arc<Session>>>,
}

/// A session whose signature, issuer and audience were right.
struct Session {
    claims: Map<String, Value>,
    begin: u64,
    end: u64,
}

impl Verifier {
    /// Reads the keys.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong with the file.
    pub(crate) fn new(settings: &JwtSettings) -> Result<Self, String> {
        let path = Path::new(&settings.jwks_file);
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::with_keys(settings, &text).map_err(|why| format!("{}: {why}", path.display()))
    }

    fn with_keys(settings: &JwtSettings, text: &[u8]) -> Result<Self, String> {
        let set: JwkSet =
            serde_json::from_slice(text).map_err(|_| "not a JWK Set (RFC 7517)".to_string())?;
        let (algorithm, name) = match settings.algorithm {
            SignatureAlgorithm::Hs256 => (Algorithm::HS256, KeyAlgorithm::HS256),
            SignatureAlgorithm::Rs256 => (Algorithm::RS256, KeyAlgorithm::RS256),
            SignatureAlgorithm::Es256 => (Algorithm::ES256, KeyAlgorithm::ES256),
        };
        let signs = |jwk: &&Jwk| {
            let common = &jwk.common;
            common.key_algorithm.is_none_or(|own| own == name)
                && matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
        };
        let mut keys = Vec::new();
        for jwk in set.keys.iter().filter(signs) {
            let key = DecodingKey::from_jwk(jwk).map_err(|_| "a key cannot be read".to_string())?;
            if key.family() == algorithm.family() {
                keys.push((jwk.common.key_id.clone(), key));
            }
        }
        let code = settings.algorithm.code();
        if keys.is_empty() {
            return Err(format!("has no key for {code}"));
        }
        if algorithm == Algorithm::HS256 && keys.iter().any(|(_, key)| is_short(key)) {
            return Err(
                "a key for HS256 has fewer than 32 bytes (RFC 7518, section 3.2)".to_string(),
            );
        }
        let mut validation = Validation::new(algorithm);
        validation.validate_nbf = true;
        validation.set_issuer(&[&settings.issuer]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Ok(Self {
            keys,
            validation,
            max_life: settings.max_life_seconds.into(),
            seen: Mutex::default(),
        })
    }

    /// The claims of the request's session that the gate looks at; none of them if the session is not genuine or not alive at `now`.
    pub(crate) fn claims(
        &self,
        headers: &HeaderMap,
        identity: &IdentitySettings,
        now: u64,
    ) -> IdentityClaims {
        let token = session_token(headers, identity.cookie.as_deref());
        let claims = token.and_then(|token| self.verified(token, now));
        let text = |name: &str| {
            let claim = claims.as_ref()?.claims.get(name)?;
            Some(claim.as_str()?.as_bytes().to_vec())
        };
        IdentityClaims {
            subject: text(&identity.subject),
            phone: text(&identity.phone),
            session: identity.session_name().and_then(|name| text(name)),
            credential_version: identity.credential_version.as_deref().and_then(text),
        }
    }

    /// The session of a token, if it is genuine, and alive at `now`.
    fn verified(&self, token: &str, now: u64) -> Option<Arc<Session>> {
        let digest = Sha256::digest(token).into();
        let seen = || self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen().get(&digest).cloned();
        let session = match known {
            Some(session) => session,
            None => {
                let session = Arc::new(self.decoded(token)?);
                let mut seen = seen();
                if seen.len() >= REMEMBERED {
                    seen.clear();
                }
                seen.insert(digest, Arc::clone(&session));
                session
            }
        };
        let Session { begin, end, .. } = *session;
        let leeway = self.validation.leeway;
        let alive = begin <= now.saturating_add(leeway) && now <= end.saturating_add(leeway);
        let short = end <= now.saturating_add(self.max_life).saturating_add(leeway);
        (alive && short).then_some(session)
    }

    fn decoded(&self, token: &str) -> Option<Session> {
        let named = decode_header(token).ok()?.kid;
        let key = match &self.keys[..] {
            [(own, key)] if own.is_none() || named.is_none() => key,
            keys => {
                let same = |(own, _): &&(Option<String>, _)| own.is_some() && *own == named;
                &keys.iter().find(same)?.1
            }
        };
        let token = decode::<Map<String, Value>>(token, key, &self.validation).ok()?;
        let claims = token.claims;
        let begin = claims.get("nbf").map_or(Some(0), Value::as_u64)?;
        let end = claims.get("exp")?.as_u64()?;
        Some(Session { claims, begin, end })
    }
}

/// Returns the token of a request: in the cookie of a name, or without one in the header of a bearer.
fn session_token<'a>(headers: &'a HeaderMap, cookie: Option<&str>) -> Option<&'a str> {
    if let Some(name) = cookie {
        let lines = headers.get_all(header::COOKIE).iter();
        return match SessionCookie::find(lines.map(HeaderValue::as_bytes), name) {
            SessionCookie::One(token) => Some(token),
            SessionCookie::Absent | SessionCookie::Doubtful => None,
        };
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (values.next()?, values.next());
    let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
    let bearer = scheme.eq_ignore_ascii_case("bearer") && second.is_none();
    Some(token).filter(|_| bearer)
}

fn is_short(key: &DecodingKey) -> bool {
    key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() < 32)
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
    use serde_json::json;

    use super::*;

    /// Public keys, and a session signed by each of them that ends in 2100.
    const SESSIONS: &str = include_str!("../tests/sessions.json");
    const END: u64 = 4_102_444_800;
    const KEY: [u8; 32] = [7; 32];
    /// `KEY` as a JWK Set.
    const SET: &str =
        r#"{"keys": [{"kty": "oct", "k": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]}"#;

    fn settings(algorithm: SignatureAlgorithm) -> JwtSettings {
        JwtSettings {
            algorithm,
            jwks_file: String::new(),
            issuer: "i".to_string(),
            audience: "a".to_string(),
            max_life_seconds: 3_600,
        }
    }

    fn verifier() -> Verifier {
        Verifier::with_keys(&settings(SignatureAlgorithm::Hs256), SET.as_bytes()).unwrap()
    }

    fn signed(header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(&KEY).unwrap()).unwrap()
    }

    fn session() -> Value {
        json!({"iss": "i", "aud": "a", "sub": "user-1", "exp": get_current_timestamp() + 600})
    }

    fn is_genuine(verifier: &Verifier, token: &str) -> bool {
        verifier.verified(token, get_current_timestamp()).is_some()
    }

    #[test]
    fn a_session_is_verified_once_and_ends_all_the_same() {
        let verifier = verifier();
        let now = get_current_timestamp();
        let mut claims = session();
        claims["nbf"] = json!(now);
        let token = signed(&Header::default(), &claims);
        let count = || verifier.seen.lock().unwrap().len();
        for _ in 0..3 {
            assert!(verifier.verified(&token, now).is_some());
            assert_eq!(count(), 1);
        }
        for (at, alive) in [
            (now - 61, false),
            (now - 60, true),
            (now + 660, true),
            (now + 661, false),
        ] {
            assert_eq!(verifier.verified(&token, at).is_some(), alive, "{at}");
        }
        // One letter of the signature, or of the claims.
        for at in [token.len() - 3, token.len() / 2] {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            assert!(verifier.verified(&forged, now).is_none());
        }
        assert_eq!(count(), 1);
        for user in 0..REMEMBERED {
            let mut claims = session();
            claims["sub"] = json!(user.to_string());
            assert!(is_genuine(&verifier, &signed(&Header::default(), &claims)));
        }
        assert!(count() <= REMEMBERED);
        assert!(is_genuine(&verifier, &token));
    }

    #[test]
    fn a_session_is_of_its_issuer_and_ends_soon() {
        let verifier = verifier();
        let now = get_current_timestamp();
        let token = |name: &str, value: Value| {
            let mut claims = session();
            claims[name] = value;
            signed(&Header::default(), &claims)
        };
        assert!(is_genuine(&verifier, &token("sub", json!("user-2"))));
        assert!(is_genuine(&verifier, &token("aud", json!(["b", "a"]))));
        assert!(is_genuine(&verifier, &token("exp", json!(now + 3_600))));
        for (name, value) in [
            ("iss", json!("j")),
            ("iss", Value::Null),
            ("aud", json!("b")),
            ("aud", Value::Null),
            ("exp", json!(now - 61)),
            ("exp", json!(now + 3_700)),
            ("exp", json!(u64::MAX)),
            ("exp", json!("never")),
            ("exp", Value::Null),
            ("nbf", json!(now + 600)),
        ] {
            assert!(
                !is_genuine(&verifier, &token(name, value.clone())),
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn the_algorithm_is_not_the_tokens_to_choose() {
        let sessions: Value = serde_json::from_str(SESSIONS).unwrap();
        let (set, text) = (sessions["jwks"].to_string(), |name: &str| {
            sessions[name].as_str().unwrap().to_string()
        });
        for (algorithm, own, other) in [
            (SignatureAlgorithm::Es256, "ES256", "RS256"),
            (SignatureAlgorithm::Rs256, "RS256", "ES256"),
        ] {
            let verifier = Verifier::with_keys(&settings(algorithm), set.as_bytes()).unwrap();
            assert!(verifier.verified(&text(own), END - 60).is_some(), "{own}");
            assert!(verifier.verified(&text(other), END - 60).is_none());
            // A key that everybody knows, taken for a secret.
            let header = Header {
                kid: Some("e1".to_string()),
                ..Header::default()
            };
            assert!(!is_genuine(&verifier, &signed(&header, &session())));
            let mut changed = text(own);
            changed.replace_range(40..41, if &changed[40..41] == "A" { "B" } else { "A" });
            assert!(verifier.verified(&changed, END - 60).is_none());
        }
        let unsigned = "eyJhbGciOiJub25lIn0.e30.";
        assert!(!is_genuine(&verifier(), unsigned));
        let critical = Header {
            crit: Some(vec!["exp".to_string()]),
            ..Header::default()
        };
        assert!(!is_genuine(&verifier(), &signed(&critical, &session())));
    }

    #[test]
    fn of_several_keys_the_token_names_one() {
        let set = SET.replace(
            "\"kty\"",
            r#""kty": "oct", "kid": "old", "k": "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"}, {"kid": "new", "kty""#,
        );
        let verifier =
            Verifier::with_keys(&settings(SignatureAlgorithm::Hs256), set.as_bytes()).unwrap();
        let named = |kid: Option<&str>| {
            let header = Header {
                kid: kid.map(String::from),
                ..Header::default()
            };
            is_genuine(&verifier, &signed(&header, &session()))
        };
        assert!(named(Some("new")));
        assert!(!named(Some("old")) && !named(Some("none")) && !named(None));
    }

    #[test]
    fn weak_and_missing_keys_stop_the_start() {
        let fault =
            |algorithm, set: &str| Verifier::with_keys(&settings(algorithm), set.as_bytes()).err();
        let hs256 = SignatureAlgorithm::Hs256;
        assert_eq!(fault(hs256, SET), None);
        assert!(
            fault(SignatureAlgorithm::Es256, SET)
                .unwrap()
                .contains("no key for ES256")
        );
        assert!(
            fault(hs256, r#"{"keys": [{"kty": "oct", "k": "c2hvcnQ"}]}"#)
                .unwrap()
                .contains("32 bytes")
        );
        assert!(fault(hs256, "{}").is_some() && fault(hs256, r#"{"keys": []}"#).is_some());
        let encrypts = SET.replace("\"kty\"", "\"use\": \"enc\", \"kty\"");
        assert!(fault(hs256, &encrypts).is_some());
    }

    #[test]
    fn a_cookie_is_the_only_one() {
        let of = |line: &'static str| {
            let cookies = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(line))]);
            session_token(&cookies, Some("session")).map(String::from)
        };
        assert_eq!(of("a=b; session=x").as_deref(), Some("x"));
        assert_eq!(of("session=x; Session=y"), None);
        assert_eq!(of("a=b"), None);
    }

    #[test]
    fn a_bearer_is_the_only_one() {
        let token = signed(&Header::default(), &session());
        let of = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::AUTHORIZATION, HeaderValue::from_str(line).unwrap());
            }
            session_token(&headers, None).map(String::from)
        };
        let bearer = format!("Bearer {token}");
        assert_eq!(of(&[&bearer]).as_deref(), Some(&*token));
        assert_eq!(
            of(&[&bearer.replace("Bearer", "bearer")]).as_deref(),
            Some(&*token)
        );
        assert_eq!(of(&[&bearer, &bearer]), None);
        assert_eq!(of(&[&bearer.replace("Bearer", "Basic")]), None);
        assert_eq!(of(&[]), None);
    }
}
