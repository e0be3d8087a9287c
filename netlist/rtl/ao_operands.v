// ao_operands: the two operands of an elementwise operation, without their zero points, in the order of the operation.
// Page: docs/blocks/output-stage-lanes.md, section 6.1.
module ao_operands (
    input  wire [39:0] first,         // register in of the lane
    input  wire [31:0] second,        // register in2
    input  wire        is_binary,
    input  wire        swap,
    input  wire        second_wide,   // the second operand is an unsigned one of 32 bits
    input  wire [16:0] ifm_zero,
    input  wire [16:0] ifm2_zero,
    output wire [40:0] a,             // signed
    output wire [40:0] b              // signed
);
    wire [40:0] one = {first[39], first} - {{24{ifm_zero[16]}}, ifm_zero};
    wire [40:0] sum = {{9{second[31] & ~second_wide}}, second} - {{24{ifm2_zero[16]}}, ifm2_zero};
    wire [40:0] two = is_binary ? sum : 41'd0;
    assign a = swap ? two : one;
    assign b = swap ? one : two;
endmodule
