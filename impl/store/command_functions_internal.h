/* The functions of the command table (commands.c), by file. */
#ifndef STORE_COMMAND_FUNCTIONS_INTERNAL_H
#define STORE_COMMAND_FUNCTIONS_INTERNAL_H

#include "store/commands_internal.h"

/* strings.c */
command_run command_get, command_set, command_setex, command_psetex, command_setnx, command_getset,
	command_mget, command_mset, command_incr, command_decr, command_incrby, command_decrby,
	command_strlen;
/* hashes.c */
command_run command_hset, command_hmset, command_hsetnx, command_hget, command_hmget,
	command_hgetall, command_hkeys, command_hvals, command_hdel, command_hexists, command_hlen,
	command_hincrby;
/* sets.c */
command_run command_sadd, command_srem, command_smembers, command_sismember, command_scard,
	command_sscan, command_sunion;
/* sorted_sets.c */
command_run command_zadd, command_zincrby, command_zrange, command_zrevrange, command_zrangebyscore,
	command_zrevrangebyscore, command_zcount, command_zremrangebyscore, command_zrem,
	command_zcard, command_zscore;
/* lists.c */
command_run command_lpush, command_rpush, command_lpop, command_rpop, command_lrange, command_llen,
	command_lrem, command_ltrim, command_lindex, command_lset, command_rpoplpush, command_lmove,
	command_blmove, command_blpop, command_brpop;
/* generic.c */
command_run command_del, command_exists, command_type, command_keys, command_scan, command_rename,
	command_renamenx, command_expire, command_pexpire, command_expireat, command_pexpireat,
	command_ttl, command_pttl, command_expiretime, command_pexpiretime, command_persist;
/* server.c */
command_run command_ping, command_echo, command_select, command_auth, command_flushdb,
	command_flushall, command_dbsize, command_info, command_time, command_role;
/* transactions.c */
command_run command_multi, command_exec, command_discard, command_watch, command_unwatch;

#endif
