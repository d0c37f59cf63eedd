#include "world/redis_transaction.h"

bool redis_transaction_note(struct redis_transaction *transaction, struct str command,
			    uint64_t connection)
{
	bool is_stale;

	switch (command.size) {
	case 4:
		if (str_equal_nocase(command, STR("EXEC")))
			transaction->watches = transaction->is_open = false;
		return false;
	case 5:
		if (str_equal_nocase(command, STR("WATCH"))) {
			if (!transaction->watches)
				transaction->watched_on = connection;
			transaction->watches = transaction->was_used = true;
			return false;
		}
		if (!str_equal_nocase(command, STR("MULTI")))
			return false;
		is_stale = transaction->watches && transaction->watched_on != connection;
		transaction->is_open = transaction->was_used = true;
		return is_stale;
	case 7:
		if (str_equal_nocase(command, STR("DISCARD")) ||
		    str_equal_nocase(command, STR("UNWATCH"))) {
			transaction->watches = false;
			transaction->is_open = transaction->is_open && command.data[0] != 'D' &&
					       command.data[0] != 'd';
		}
		return false;
	default:
		return false;
	}
}
