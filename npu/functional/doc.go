// Package functional is the clock-free model of the NPU: it executes a command
// stream in order and leaves exactly the bytes in memory that the hardware
// leaves. It is the oracle of the cycle-level machine.
//
// What the public material does not define is decided here, and matters only
// for streams that no compiler emits or that a fault has changed:
//
//   - an operation reads all its feature maps, weights and scales before it
//     writes its first output byte;
//   - accumulators wrap at their width (32 or 40 bits); the bias is added to the
//     wrapped accumulator exactly;
//   - a window without a single valid tap has an average of zero and a maximum
//     of -2^31;
//   - depthwise operations, pooling and elementwise operations take channel c of
//     the input for channel c of the output, whatever IFM_DEPTH says;
//   - the padding channels of the last brick of an NHCWB16 map are written as zeros;
//   - pooling mode 3 is MAX, the upper mode bits have no effect; an undefined
//     elementwise mode, and a stream that ends without NPU_OP_STOP, are parse
//     errors;
//   - DMA, weights and scale records move in beats of eight bytes: the low three
//     bits of their addresses and lengths have no effect;
//   - the lookup table is the only part of the shared buffer that is kept. DMA
//     writes to other bytes of the shared buffer are dropped. On the two small
//     configurations the table shares its banks with the operand buffers: a
//     kernel operation without a table fills it with LostTable bytes.
package functional
