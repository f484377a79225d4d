//! Answers questions from the standard input by wasmi, an interpreter, as `wit/ASK.md` has it.
//!
//! ```text
//! in:  length of the settings, length of the question, time, each in 4 bytes, the first the most significant; settings; question
//! out: length of the answer in 4 bytes, 0 after a trap; answer
//! ```

use std::error::Error;
use std::io::{self, Read, Write};

use rand::TryRng;
use rand::rngs::SysRng;
use wasmi::{Caller, Config, Engine, Linker, Module, Store, StoreLimits, StoreLimitsBuilder};

/// Length of the area in bytes.
const AREA: usize = 256 * 1024;

/// The most memory of one instance, in bytes.
const MEMORY: usize = 2 * 1024 * 1024;

/// Fuel of one question, about one unit an instruction: some seconds.
const FUEL: u64 = 1_000_000_000;

struct Asker {
    module: Module,
    linker: Linker<StoreLimits>,
}

impl Asker {
    fn new(module: &[u8]) -> Result<Self, wasmi::Error> {
        let engine = Engine::new(Config::default().consume_fuel(true));
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        linker.func_wrap("wasi_snapshot_preview1", "random_get", random_get)?;
        Ok(Self { module, linker })
    }

    fn ask(&self, settings: &[u8], question: &[u8], now: u32) -> Result<Vec<u8>, Box<dyn Error>> {
        if settings.len() + question.len() > AREA {
            return Err("longer than the area".into());
        }
        let limits = StoreLimitsBuilder::new().memory_size(MEMORY).build();
        let mut store = Store::new(self.module.engine(), limits);
        store.limiter(|limits| limits);
        store.set_fuel(FUEL)?;
        let instance = self
            .linker
            .instantiate_and_start(&mut store, &self.module)?;
        let memory = instance.get_memory(&store, "memory").ok_or("no memory")?;
        let area = instance.get_global(&store, "area").ok_or("no area")?;
        let area = area.get(&store).i32().ok_or("no address")? as u32 as usize;
        memory.write(&mut store, area, settings)?;
        memory.write(&mut store, area + settings.len(), question)?;
        let ask = instance.get_typed_func::<(u32, u32, u32), u32>(&store, "ask")?;
        let (settings, question) = (
            u32::try_from(settings.len())?,
            u32::try_from(question.len())?,
        );
        let length = ask.call(&mut store, (settings, question, now))? as usize;
        let mut answer = vec![0; length.min(AREA)];
        memory.read(&store, area, &mut answer)?;
        Ok(answer)
    }
}

/// Fills bytes of the caller's memory. Returns 0, or the number of an error.
fn random_get(mut caller: Caller<'_, StoreLimits>, to: u32, length: u32) -> u32 {
    let memory = caller.get_export("memory").and_then(|it| it.into_memory());
    let bytes = memory.and_then(|memory| {
        let bytes = memory.data_mut(&mut caller).get_mut(to as usize..)?;
        bytes.get_mut(..length as usize)
    });
    match bytes.map(|bytes| SysRng.try_fill_bytes(bytes)) {
        Some(Ok(())) => 0,
        Some(Err(_)) => 29,
        None => 21,
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let asker = Asker::new(include_bytes!("../../../../host/ask/two-factor-ask.wasm"))?;
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut head = [[0; 4]; 3];
    while input.read_exact(head.as_flattened_mut()).is_ok() {
        let [settings_length, question_length, now] = head.map(u32::from_be_bytes);
        let mut settings = vec![0; settings_length as usize];
        let mut question = vec![0; question_length as usize];
        input.read_exact(&mut settings)?;
        input.read_exact(&mut question)?;
        let answer = asker.ask(&settings, &question, now).unwrap_or_default();
        output.write_all(&u32::try_from(answer.len())?.to_be_bytes())?;
        output.write_all(&answer)?;
        output.flush()?;
    }
    Ok(())
}
