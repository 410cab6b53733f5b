-- One operation of the cache service on one namespace, all or nothing. What the API document names:
--   cache:{namespace}:{key}       the value's JSON text, with its time to live
--   cache_meta:{namespace}:{key}  created_at, access_count, last_accessed, size_bytes; tags where there are any
--   cache_stats:{namespace}       hits, misses, total_keys, total_bytes; evictions
-- and beside it, so that the counts stay right when Redis lets an entry go by itself:
--   cache_index:{namespace}       keys by deadline, in milliseconds
--   cache_order:{namespace}       keys by who leaves first
--   cache_sizes:{namespace}       what each key counts, in bytes
-- KEYS: the last four of these, of the namespace. In a Redis Cluster `{namespace}` stands in braces: all its keys are in one slot.
-- ARGV: the operation, then what it takes.
local stats, index, order, sizes = unpack(KEYS)
local call = redis.call
local time = call('TIME')
local now_s = tonumber(time[1])
local now = now_s * 1000 + math.floor(tonumber(time[2]) / 1000)
-- The names of an entry's keys from the namespace's: `cache_stats:x` makes `cache:x:key` and `cache_meta:x:key`.
local space = string.sub(stats, #'cache_stats:' + 1)
local function value_key(key) return 'cache:' .. space .. ':' .. key end
local function meta_key(key) return 'cache_meta:' .. space .. ':' .. key end

-- Takes an entry out of the books and out of the store; whether it was in the books.
local function forget(key)
  call('DEL', value_key(key), meta_key(key))
  local size = call('HGET', sizes, key)
  if not size then return false end
  call('HDEL', sizes, key)
  call('ZREM', index, key)
  call('ZREM', order, key)
  call('HINCRBY', stats, 'total_keys', -1)
  call('HINCRBY', stats, 'total_bytes', -tonumber(size))
  return true
end

-- Takes out several, each named once; how many of them were there.
local function forget_all(keys)
  local values, metas = {}, {}
  for i, key in ipairs(keys) do values[i], metas[i] = value_key(key), meta_key(key) end
  local count = call('DEL', unpack(values))
  call('DEL', unpack(metas))
  local known, bytes = 0, 0
  for _, size in ipairs(call('HMGET', sizes, unpack(keys))) do
    if size then known, bytes = known + 1, bytes + tonumber(size) end
  end
  if known > 0 then
    call('HDEL', sizes, unpack(keys))
    call('ZREM', index, unpack(keys))
    call('ZREM', order, unpack(keys))
    call('HINCRBY', stats, 'total_keys', -known)
    call('HINCRBY', stats, 'total_bytes', -bytes)
  end
  return count
end

-- Takes out so many entries whose time has come.
local function purge(most)
  for _, key in ipairs(call('ZRANGEBYSCORE', index, '-inf', now, 'LIMIT', 0, most)) do forget(key) end
end

-- An entry that is in the books and not in the store: Redis needed its room.
local function meet_evicted(key)
  local deadline = call('ZSCORE', index, key)
  if deadline then
    if tonumber(deadline) > now then call('HINCRBY', stats, 'evictions', 1) end
    forget(key)
  end
end

-- Numbers the uses: two of them in one millisecond have an order as well.
local function tick() return call('HINCRBY', stats, 'uses', 1) end

-- What another program stored under these names may be of any type: what cannot be read is not there.
local function try(...)
  local told = redis.pcall(...)
  if type(told) == 'table' and told.err then return false end
  return told
end

-- The whole number in a text; the document's own class writes times with a fraction.
local function whole(text, otherwise)
  local number = text and tonumber(text)
  if number and number >= 0 and number < 2^53 then return math.floor(number) end
  return otherwise
end

local function read(key, policy)
  local value = try('GET', value_key(key))
  if not value then
    call('HINCRBY', stats, 'misses', 1)
    if call('EXISTS', value_key(key)) == 0 then meet_evicted(key) end
    return false
  end
  call('HINCRBY', stats, 'hits', 1)
  local count = try('HINCRBY', meta_key(key), 'access_count', 1) or 1
  try('HSET', meta_key(key), 'last_accessed', now_s)
  if count == 1 then
    -- Where another program stored the value, this may be all that is known of it: it goes with the value.
    local left = call('PTTL', value_key(key))
    if left > 0 then call('PEXPIRE', meta_key(key), left) end
  end
  if policy == 'LFU' then call('ZADD', order, count, key)
  elseif policy == 'LRU' then call('ZADD', order, tick(), key) end
  return value
end

-- Redis refuses a script that needs room when there is none, but only before its first change. What stores begins with a
-- change that needs room, so that all of it is refused; the others with one that needs none and does nothing, so that they
-- read, count and delete all the same.
local operation = ARGV[1]
if operation == 'PUT' then tick() else call('HDEL', stats, '') end
if operation == 'GET' then
  local key = ARGV[3]
  local value = read(key, ARGV[2])
  if not value then return false end
  local meta = try('HMGET', meta_key(key), 'created_at', 'access_count', 'tags') or {}
  local left = call('PTTL', value_key(key))
  return {value, left, whole(meta[1], now_s), whole(meta[2], 1), meta[3] or '', now_s}
elseif operation == 'MGET' then
  -- At most so many bytes: a longer answer is none.
  local values, bytes, most = {}, 0, tonumber(ARGV[3])
  for i = 4, #ARGV do
    local value = read(ARGV[i], ARGV[2])
    if value then bytes = bytes + #value end
    if bytes > most then return redis.error_reply('TOOMANY bytes') end
    values[#values + 1] = value
  end
  return values
elseif operation == 'PUT' then
  -- ARGV: policy, bytes for all, then key, value, milliseconds to live, bytes, tags for each entry.
  local policy, most, grown, last = ARGV[2], tonumber(ARGV[3]), 0, {}
  purge(1000)
  for i = 4, #ARGV, 5 do last[ARGV[i]] = tonumber(ARGV[i + 3]) end
  for i = 4, #ARGV, 5 do
    local key = ARGV[i]
    if tonumber(ARGV[i + 3]) > most then return redis.error_reply('FULL no room') end
    if last[key] then
      grown = grown + last[key] - tonumber(call('HGET', sizes, key) or 0)
      last[key] = nil
    end
  end
  local held = tonumber(call('HGET', stats, 'total_bytes') or 0)
  if policy == 'NONE' and held + grown > most then return redis.error_reply('FULL no room') end
  local created = 0
  for i = 4, #ARGV, 5 do
    local key, value, ttl, size, tags = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
    created = 1 - call('EXISTS', value_key(key))
    forget(key)
    while tonumber(call('HGET', stats, 'total_bytes') or 0) + size > most do
      local victim = call('ZRANGE', order, 0, 0)[1]
      if not victim then break end
      -- One that Redis has let go already is an eviction, too.
      call('HINCRBY', stats, 'evictions', 1)
      forget(victim)
    end
    call('SET', value_key(key), value, 'PX', ttl)
    local meta = meta_key(key)
    call('HSET', meta, 'created_at', now_s, 'access_count', 0, 'last_accessed', now_s, 'size_bytes', #value)
    if tags ~= '' then call('HSET', meta, 'tags', tags) end
    call('PEXPIRE', meta, ttl)
    local deadline = now + tonumber(ttl)
    call('ZADD', index, deadline, key)
    call('HSET', sizes, key, size)
    local place = tick()
    if policy == 'LFU' then place = 0 elseif policy == 'TTL' then place = deadline end
    call('ZADD', order, place, key)
    call('HINCRBY', stats, 'total_keys', 1)
    call('HINCRBY', stats, 'total_bytes', size)
  end
  return created
elseif operation == 'DELETE' then
  -- How many of these keys were there.
  return forget_all({unpack(ARGV, 2)})
elseif operation == 'STATS' then
  purge(100000)
  -- Those that Redis has let go by itself: it takes what was used longest ago, so these are looked at.
  for _, key in ipairs(call('ZRANGE', order, 0, 999)) do
    if call('EXISTS', value_key(key)) == 0 then meet_evicted(key) end
  end
  return call('HMGET', stats, 'hits', 'misses', 'evictions', 'total_keys', 'total_bytes')
elseif operation == 'SCAN' then
  -- Keys of this namespace, whoever stored them, among so many of all keys from this place on.
  local prefix = 'cache:' .. space .. ':'
  local told = call('SCAN', ARGV[2], 'MATCH', prefix .. '*', 'COUNT', ARGV[3])
  local keys = {}
  for i, name in ipairs(told[2]) do keys[i] = string.sub(name, #prefix + 1) end
  return {told[1], keys}
elseif operation == 'EMPTIED' then
  -- What other programs counted here is gone with their entries.
  local known = call('HMGET', stats, 'total_keys', 'total_bytes')
  local counted = tonumber(known[1] or 0) ~= 0 or tonumber(known[2] or 0) ~= 0
  if counted and call('HLEN', sizes) == 0 then call('HSET', stats, 'total_keys', 0, 'total_bytes', 0) end
  return redis.status_reply('OK')
elseif operation == 'MISREAD' then
  call('HINCRBY', stats, 'hits', -tonumber(ARGV[2]))
  call('HINCRBY', stats, 'misses', ARGV[2])
  return redis.status_reply('OK')
elseif operation == 'FORGET' then
  return call('DEL', stats, index, order, sizes)
end
return redis.error_reply('ERR no such operation')
