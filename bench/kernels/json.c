// Scanning JSON: a recursive-descent reader over a text it first writes itself.
#include "kernel.h"

#define SIZE 60000
static u8 text[SIZE + 1024];
static u32 length;
static const u8 *at;

static void put(const char *string) {
  while (*string) text[length++] = (u8)*string++;
}
static void put_number(u32 value) {
  u8 digits[10];
  u32 count = 0;
  do digits[count++] = (u8)('0' + value % 10), value /= 10; while (value);
  while (count) text[length++] = digits[--count];
}

static void write_text(void) {
  u64 seed = 5;
  length = 0;
  put("[");
  while (length < SIZE) {
    put(" {\"id\": ");
    put_number(next_random(&seed) >> 12);
    put(", \"name\": \"item \\\"");
    put_number(next_random(&seed) & 0xffff);
    put("\\\" \\u0041\", \"tags\": [\"a\", \"bc\", null], \"ok\": ");
    put(next_random(&seed) & 1 ? "true" : "false");
    put(", \"size\": {\"w\": -");
    put_number(next_random(&seed) & 4095);
    put(", \"h\": ");
    put_number(next_random(&seed) & 4095);
    put("}},\n");
  }
  put(" 0]");
  text[length] = 0;
}

static void skip_space(void) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static u64 read_string(void) {
  u64 hash = 17;
  at++;
  while (*at && *at != '"') {
    if (*at == '\\') at++;
    hash = hash * 33 + *at++;
  }
  at++;
  return hash;
}

static u64 read_value(u32 depth) {
  u64 hash = depth;
  skip_space();
  switch (*at) {
    case '{':
    case '[': {
      u8 close = *at == '{' ? '}' : ']';
      for (at++; skip_space(), *at && *at != close;) {
        hash = mix(hash, read_value(depth + 1));
        skip_space();
        if (*at == ',' || *at == ':') at++;
      }
      at++;
      return hash;
    }
    case '"': return read_string();
    case 't':
    case 'n': at += 4; return 1;
    case 'f': at += 5; return 2;
    default: {
      u64 negative = *at == '-' ? (at++, 1) : 0, value = 0;
      while (*at >= '0' && *at <= '9') value = value * 10 + (*at++ - '0');
      return value << 1 | negative;
    }
  }
}

i64 run(i32 scale) {
  u64 sum = 0;
  write_text();
  for (i32 round = 0; round < scale; round++) {
    at = text;
    sum = mix(sum, read_value((u32)round & 3));
  }
  return (i64)sum;
}
