-- Counters of xoxzo-2fa. Times are in milliseconds since 1970-01-01T00:00:00Z.
--
-- A row whose life is over is kept as long again as it lived, at most a day, and what goes is told by the time of the list before: a clock
-- that is wrong once takes nothing away that is still needed.
CREATE TABLE xoxzo_2fa_counters (
  name text COLLATE "C" PRIMARY KEY,
  total bigint NOT NULL,
  life bigint NOT NULL,
  ends bigint NOT NULL,
  kept bigint NOT NULL
);
CREATE INDEX xoxzo_2fa_counters_by_kept ON xoxzo_2fa_counters (kept);

-- The time of the latest list. A row for it would be locked until a commit, and lists would wait for each other; a sequence is not.
CREATE SEQUENCE xoxzo_2fa_clock MINVALUE 0 START 0;

-- Makes charges in their order, and stops after the first that its limit refuses, as `charge.lua` does in Redis.
--
-- largest: bytes of the table beyond which no counter is added. at: the time; the server's if null.
-- Answers the time, then total and milliseconds left of each charge that was tried; the time alone if it is that of a list in the future.
CREATE FUNCTION xoxzo_2fa_charge(
  names text[], groups text[], amounts bigint[], limits bigint[], lives bigint[], largest bigint, at bigint
) RETURNS bigint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  own bigint;
  moment bigint;
  latest bigint;
  answer bigint[];
  before bigint;
  following bigint;
  until bigint;
  live boolean;
  refused boolean;
  changed boolean := false;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'not read committed' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  -- A count that a crash could take back would be none.
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'local', true);
  END IF;
  -- A counter is always in the same group: who holds the group's lock holds its counters, those that do not exist too. All take their
  -- locks in one order, so that no two lists wait for each other.
  FOR own IN SELECT DISTINCT hashtextextended(named, 0) FROM unnest(groups) AS named ORDER BY 1 LOOP
    PERFORM pg_advisory_xact_lock(own);
  END LOOP;
  SELECT last_value INTO latest FROM xoxzo_2fa_clock;
  moment := coalesce(at, floor(extract(epoch FROM clock_timestamp()) * 1000));
  IF moment < latest - 120000 THEN
    RETURN ARRAY[latest];
  END IF;
  moment := greatest(moment, latest);
  answer := ARRAY[moment];
  FOR step IN 1 .. cardinality(names) LOOP
    SELECT total, ends INTO before, until FROM xoxzo_2fa_counters WHERE name = names[step] AND ends > moment;
    live := FOUND;
    IF NOT live THEN
      before := 0;
      until := moment + lives[step] * 1000;
    END IF;
    following := least(greatest(before + amounts[step], 0), 4294967295);
    refused := amounts[step] >= 0 AND following > limits[step];
    IF NOT refused AND following <> before THEN
      changed := true;
      IF following = 0 THEN
        DELETE FROM xoxzo_2fa_counters WHERE name = names[step];
      ELSIF live THEN
        UPDATE xoxzo_2fa_counters SET total = following WHERE name = names[step];
      ELSE
        IF pg_relation_size('xoxzo_2fa_counters') > largest THEN
          RAISE EXCEPTION 'no room for a new counter' USING ERRCODE = 'disk_full';
        END IF;
        INSERT INTO xoxzo_2fa_counters VALUES (
          names[step], following, lives[step] * 1000, until, until + least(lives[step] * 1000, 86400000)
        ) ON CONFLICT (name) DO UPDATE SET total = excluded.total, life = excluded.life, ends = excluded.ends, kept = excluded.kept;
      END IF;
    END IF;
    answer := answer || following || until - moment;
    EXIT WHEN refused;
  END LOOP;
  IF changed OR cardinality(names) = 0 THEN
    -- More than a list adds. What others are using is theirs: nobody waits here.
    DELETE FROM xoxzo_2fa_counters WHERE name IN (
      SELECT name FROM xoxzo_2fa_counters WHERE kept <= latest ORDER BY kept LIMIT 16 FOR UPDATE SKIP LOCKED
    );
    IF moment > latest THEN
      PERFORM setval('xoxzo_2fa_clock', moment);
    END IF;
  END IF;
  RETURN answer;
END
$$;

-- Sets the counters right after a clock that was ahead, as `SqliteGuard.repair` does. Answers milliseconds that it was ahead, milliseconds that
-- the store stays shut, and how many counters are kept and how many of these were renewed.
CREATE FUNCTION xoxzo_2fa_repair(at bigint) RETURNS bigint[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
  moment bigint := coalesce(at, floor(extract(epoch FROM clock_timestamp()) * 1000));
  -- The longest life of a challenge, and how much longer its counter lives.
  shut CONSTANT bigint := 840000;
  opens bigint := moment + shut;
  ahead bigint;
  counted bigint;
  renewed bigint;
BEGIN
  LOCK TABLE xoxzo_2fa_counters IN ACCESS EXCLUSIVE MODE;
  SELECT last_value - moment INTO ahead FROM xoxzo_2fa_clock;
  SELECT count(*) INTO counted FROM xoxzo_2fa_counters;
  IF ahead <= 120000 THEN
    RETURN ARRAY[0, 0, counted, 0];
  END IF;
  IF ahead <= 120000 + shut THEN
    -- It opens by itself before a repair would open it.
    RETURN ARRAY[ahead, ahead - 120000, counted, 0];
  END IF;
  -- A challenge that was won under the wrong clock is valid once more when its time comes: its mark, from 2^20 on, keeps its end.
  UPDATE xoxzo_2fa_counters SET ends = opens + life, kept = opens + life + least(life, 86400000)
    WHERE ends - life > moment AND total < 1048576;
  GET DIAGNOSTICS renewed = ROW_COUNT;
  PERFORM setval('xoxzo_2fa_clock', opens + 120000);
  RETURN ARRAY[ahead, shut, counted, renewed];
END
$$;
