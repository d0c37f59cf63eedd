/* BUG_IF(condition): an invariant of ours is broken; says where and ends the process. On in every
 * build. Never for input from outside: that is an error value. */
#ifndef BASE_BUG_H
#define BASE_BUG_H

_Noreturn void bug_found(const char *file, int line, const char *condition);

#define BUG_IF(condition) ((condition) ? bug_found(__FILE__, __LINE__, #condition) : (void)0)

#endif
