// ao_missing: scale records that become free, and what the next token still lacks.
// Page: docs/blocks/output-stage.md, section 7.1; docs/blocks/output-stage-lanes.md, section 6 (ready).
module ao_missing #(
    parameter LANES = 1
) (
    input  wire [15:0]      ready,
    input  wire             free,          // the bias stage frees the records of its lanes
    input  wire [LANES-1:0] lanes_free,    // those lanes
    input  wire [3:0]       first_free,    // record of lane 0
    input  wire             uses_scales,
    input  wire [LANES-1:0] lanes_read,    // lanes of the next token
    input  wire [3:0]       first_read,
    input  wire             has_data,      // sums or inputs are there
    input  wire             has_buffer,    // the output buffer is there, or not needed for this token
    output wire [15:0]      ready_next,    // after the bias stage
    output wire             no_data,       // at most one of the three
    output wire             no_buffer,
    output wire             no_record
);
    wire [31:0] freed  = {{(32-LANES){1'b0}}, lanes_free} << first_free;
    wire [31:0] needed = {{(32-LANES){1'b0}}, lanes_read} << first_read;
    wire [15:0] absent = (needed[15:0] | needed[31:16]) & ~ready_next;
    assign ready_next = ready & ~((freed[15:0] | freed[31:16]) & {16{free}});

    assign no_data   = ~has_data;
    assign no_buffer = has_data & ~has_buffer;
    assign no_record = has_data & has_buffer & uses_scales & |absent;
endmodule
