/* The standard filters for numbers. */
#include <math.h>

#include "gateway/liquid/liquid_internal.h"

static double number_of(struct liquid_call *call, struct liquid_value value)
{
	return liquid_to_number(&value, call->arena);
}

static double argument(struct liquid_call *call)
{
	return liquid_to_number(&call->arguments[0], call->arena);
}

/* What has no value (a division by zero) is nil. */
static struct liquid_value result(double number)
{
	return isfinite(number) ? liquid_number(number) : (struct liquid_value){0};
}

#define UNARY(name, expression)                                                                    \
	static struct liquid_value name(struct liquid_call *call, struct liquid_value input)       \
	{                                                                                          \
		double a = number_of(call, input);                                                 \
                                                                                                   \
		return result(expression);                                                         \
	}
#define BINARY(name, expression)                                                                   \
	static struct liquid_value name(struct liquid_call *call, struct liquid_value input)       \
	{                                                                                          \
		double a = number_of(call, input), b = argument(call);                             \
                                                                                                   \
		return result(expression);                                                         \
	}

UNARY(absolute, fabs(a))
UNARY(ceiling, ceil(a))
UNARY(floored, floor(a))
BINARY(plus, a + b)
BINARY(minus, a - b)
BINARY(times, a *b)
BINARY(at_least, a > b ? a : b)
BINARY(at_most, a < b ? a : b)
BINARY(modulo, b != 0 ? a - b * floor(a / b) : INFINITY)

/* Whole by whole is whole. */
static struct liquid_value divided_by(struct liquid_call *call, struct liquid_value input)
{
	double a = number_of(call, input), b = argument(call);

	if (b == 0)
		return (struct liquid_value){0};
	return result(liquid_is_whole(&input) && liquid_is_whole(&call->arguments[0]) ? floor(a / b)
										      : a / b);
}

static struct liquid_value rounded(struct liquid_call *call, struct liquid_value input)
{
	int64_t digits = liquid_argument_int(call, 0, 0);
	double scale = pow(10, digits >= 0 && digits <= 15 ? (double)digits : 0);

	return result(round(number_of(call, input) * scale) / scale);
}

const struct liquid_filter liquid_number_filters[] = {
	{STR_INIT("abs"), 0, 0, absolute},    {STR_INIT("ceil"), 0, 0, ceiling},
	{STR_INIT("floor"), 0, 0, floored},   {STR_INIT("round"), 0, 1, rounded},
	{STR_INIT("plus"), 1, 1, plus},       {STR_INIT("minus"), 1, 1, minus},
	{STR_INIT("times"), 1, 1, times},     {STR_INIT("divided_by"), 1, 1, divided_by},
	{STR_INIT("modulo"), 1, 1, modulo},   {STR_INIT("at_least"), 1, 1, at_least},
	{STR_INIT("at_most"), 1, 1, at_most}, {.run = NULL},
};
