// A register bytecode interpreter: one dense `switch` in a loop, which is a br_table in Wasm.
#include "kernel.h"

enum { SET, ADD, SUB, MUL, XOR, SHR, LESS, JUMP_IF, MOVE, STORE, LOAD, AND, DEC, HALT };
typedef struct { u8 op, to, a, b; i32 value; } Instruction;

// r0: the count left; r1: a hash; r2: a walking index; r3..r6: scratch.
static const Instruction program[] = {
    {SET, 1, 0, 0, 0x1234567},  {SET, 2, 0, 0, 1},          {SET, 7, 0, 0, 2654435},
    {MUL, 3, 1, 7, 0},          {SHR, 4, 3, 0, 7},          {XOR, 1, 3, 4, 0},
    {ADD, 2, 2, 1, 0},          {AND, 5, 2, 0, 255},        {LOAD, 6, 5, 0, 0},
    {ADD, 6, 6, 1, 0},          {STORE, 6, 5, 0, 0},        {LESS, 3, 6, 1, 0},
    {JUMP_IF, 0, 3, 0, 14},     {SUB, 1, 1, 6, 0},          {MOVE, 4, 1, 0, 0},
    {DEC, 0, 0, 0, 0},          {JUMP_IF, 0, 0, 0, 3},      {HALT, 0, 0, 0, 0},
};
static u32 registers[16];
static u32 cells[256];

static NOINLINE u32 interpret(const Instruction *code, u32 count) {
  u32 pc = 0;
  registers[0] = count;
  for (;;) {
    const Instruction *i = &code[pc++];
    u32 a = registers[i->a], b = registers[i->b], result;
    switch (i->op) {
      case SET: result = (u32)i->value; break;
      case ADD: result = a + b; break;
      case SUB: result = a - b; break;
      case MUL: result = a * b; break;
      case XOR: result = a ^ b; break;
      case SHR: result = a >> i->value; break;
      case LESS: result = a < b; break;
      case AND: result = a & (u32)i->value; break;
      case MOVE: result = a; break;
      case DEC: result = a - 1; break;
      case LOAD: result = cells[a & 255]; break;
      case STORE: cells[a & 255] = registers[i->to]; continue;
      case JUMP_IF:
        if (a) pc = (u32)i->value;
        continue;
      default: return registers[1];
    }
    registers[i->to] = result;
  }
}

i64 run(i32 scale) {
  for (u32 i = 0; i < 256; i++) cells[i] = i * 40503;
  u64 sum = interpret(program, (u32)scale);
  for (u32 i = 0; i < 256; i++) sum = mix(sum, cells[i]);
  return (i64)sum;
}
