//! The store of counters that the settings name.

use std::sync::Arc;

use xoxzo_2fa::{AsyncGuard, AsyncMemoryGuard, Blocking, RedisGuard, SqliteGuard};

use super::document::GuardSettings;

/// Opens the store of a section of the settings.
///
/// # Errors
///
/// A text that says what is wrong, without the URL.
pub(crate) fn open(settings: &GuardSettings, section: &str) -> Result<Arc<dyn AsyncGuard>, String> {
    let guard: Arc<dyn AsyncGuard> = match (&settings.sqlite, &settings.redis) {
        (None, None) => Arc::new(AsyncMemoryGuard::default()),
        (Some(path), None) => {
            let guard = SqliteGuard::open(path);
            let guard = guard.map_err(|error| format!("settings, {section}.sqlite: {error}"))?;
            Arc::new(Blocking::new(guard))
        }
        (None, Some(url)) => {
            let url = str::from_utf8(url.as_bytes()).unwrap_or_default();
            let guard = RedisGuard::builder(url).build_async();
            Arc::new(guard.map_err(|error| format!("settings, {section}.redis: {error}"))?)
        }
        (Some(_), Some(_)) => {
            let why = "must have sqlite or redis, and not both";
            return Err(format!("settings, {section}: {why}"));
        }
    };
    Ok(guard)
}

#[cfg(test)]
mod tests {
    use xoxzo_2fa::Scope;

    use super::*;
    use crate::document::Secret;

    #[test]
    fn one_store_is_opened() {
        let folder = std::env::temp_dir().join(format!("xoxzo-2fa-store-{}", std::process::id()));
        let file = folder.join("counters").to_str().map(str::to_string);
        let redis = || Some(Secret::new("redis://127.0.0.1:1"));
        let scope = |sqlite: Option<String>, redis| {
            open(&GuardSettings { sqlite, redis }, "rest.guard").map(|guard| guard.scope())
        };
        assert_eq!(scope(None, None), Ok(Scope::Process));
        assert_eq!(scope(file.clone(), None), Ok(Scope::Shared));
        // Nothing is connected yet.
        assert_eq!(scope(None, redis()), Ok(Scope::Shared));
        for (sqlite, redis) in [
            (file.clone(), redis()),
            // Within a file there is no other.
            (file.map(|file| file + "/counters"), None),
            (None, Some(Secret::new("canary://"))),
        ] {
            let why = scope(sqlite, redis).unwrap_err();
            assert!(why.starts_with("settings, rest.guard"), "{why}");
            assert!(!why.contains("canary"), "{why}");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
