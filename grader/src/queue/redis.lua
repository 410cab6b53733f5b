-- The operations of the queue that touch more than one key. All keys begin alike and stand in one slot of a cluster.
local prefix = '{cachedojo}:'
local open = prefix .. 'open'
local workers = prefix .. 'workers'
local operation = ARGV[1]

local function job_of(key)
  return prefix .. 'job:' .. key
end

local function outcome_of(key)
  return prefix .. 'outcome:' .. key
end

local function is_there(worker)
  return redis.call('EXISTS', prefix .. 'worker:' .. worker) == 1
end

if operation == 'PUT' then
  local key, terms_id, terms, body, kept_s = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
  if redis.call('EXISTS', outcome_of(key), job_of(key)) == 0 then
    redis.call('HSET', job_of(key), 'terms_id', terms_id, 'terms', terms, 'body', body)
    redis.call('EXPIRE', job_of(key), kept_s)
    redis.call('ZADD', open, redis.call('INCR', prefix .. 'jobs_ever'), key)
  end
  return 1
elseif operation == 'TAKE' then
  local worker, bytes_max = ARGV[2], tonumber(ARGV[3])
  local refused = {}
  for index = 4, #ARGV do
    refused[ARGV[index]] = true
  end
  for _, key in ipairs(redis.call('ZRANGE', open, 0, -1)) do
    local job = job_of(key)
    local found = redis.call('HMGET', job, 'terms_id', 'holder')
    if not found[1] then
      redis.call('ZREM', open, key)
    elseif not refused[found[1]] and not (found[2] and is_there(found[2])) then
      redis.call('HSET', job, 'holder', worker)
      local body = ''
      if redis.call('HSTRLEN', job, 'body') <= bytes_max then
        body = redis.call('HGET', job, 'body')
      end
      return { key, found[1], redis.call('HGET', job, 'terms'), body }
    end
  end
  return false
elseif operation == 'BEGIN' then
  local job, worker = job_of(ARGV[2]), ARGV[3]
  if redis.call('EXISTS', job) == 0 then
    return 1
  end
  redis.call('HSET', job, 'attempt:' .. worker, 1)
  local attempts = 0
  for _, field in ipairs(redis.call('HKEYS', job)) do
    if string.sub(field, 1, 8) == 'attempt:' then
      attempts = attempts + 1
    end
  end
  return attempts
elseif operation == 'FINISH' then
  local key, outcome, kept_s = ARGV[2], ARGV[3], ARGV[4]
  -- A job that was collected and forgotten meanwhile has no use for a second outcome.
  if redis.call('EXISTS', job_of(key)) == 1 then
    redis.call('SET', outcome_of(key), outcome, 'NX', 'EX', kept_s)
    redis.call('DEL', job_of(key))
    redis.call('ZREM', open, key)
  end
  return 1
elseif operation == 'LET_GO' then
  local job, worker = job_of(ARGV[2]), ARGV[3]
  redis.call('HDEL', job, 'attempt:' .. worker)
  if redis.call('HGET', job, 'holder') == worker then
    redis.call('HDEL', job, 'holder')
  end
  return 1
elseif operation == 'BEAT' then
  local worker, absent_ms = ARGV[2], ARGV[3]
  redis.call('SET', prefix .. 'worker:' .. worker, 1, 'PX', absent_ms)
  redis.call('SADD', workers, worker)
  return 1
elseif operation == 'LEAVE' then
  redis.call('DEL', prefix .. 'worker:' .. ARGV[2])
  redis.call('SREM', workers, ARGV[2])
  return 1
elseif operation == 'REFUSALS' then
  -- Those of workers that are gone go too.
  local hash, most = prefix .. 'refusals:' .. ARGV[2], tonumber(ARGV[3])
  local found = {}
  for _, worker in ipairs(redis.call('HKEYS', hash)) do
    if not is_there(worker) then
      redis.call('HDEL', hash, worker)
    elseif #found < 2 * most then
      table.insert(found, worker)
      table.insert(found, redis.call('HGET', hash, worker))
    end
  end
  return found
elseif operation == 'WORKERS' then
  local count = 0
  for _, worker in ipairs(redis.call('SMEMBERS', workers)) do
    if is_there(worker) then
      count = count + 1
    else
      redis.call('SREM', workers, worker)
    end
  end
  return count
end
return redis.error_reply('no such operation')
