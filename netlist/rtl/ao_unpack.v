// ao_unpack: the unpacker of scale records. Its registers stand in output_stage.
// Page: docs/blocks/output-stage.md, section 9.
module ao_unpack (
    input  wire         valid,        // the bank belongs to an operation
    input  wire         uses_scales,
    input  wire [31:0]  passes,
    input  wire [16:0]  all_beats,
    input  wire [7:0]   blk_d,
    input  wire [16:0]  ofm_d,
    input  wire         scl_ready,
    input  wire [63:0]  scl_data,
    input  wire [15:0]  ready,        // after the bias stage of this clock
    // registers
    input  wire         on,
    input  wire         drain,
    input  wire [31:0]  left,
    input  wire [15:0]  oz,
    input  wire [6:0]   c,
    input  wire [16:0]  beats,
    input  wire [4:0]   n,
    input  wire [127:0] bytes,        // buf[1], buf[0]
    // their values after the clock
    output wire         leave,        // the next bank follows
    output wire         on_next,
    output wire         drain_next,
    output wire [31:0]  left_next,
    output wire [15:0]  oz_next,
    output wire [6:0]   c_next,
    output wire [16:0]  beats_next,
    output wire [4:0]   n_next,
    output wire [127:0] bytes_next,
    output wire         write_bytes,
    output wire         load,         // of record c[3:0], out of the low ten bytes
    output wire         take
);
    wire no_beats = ~|beats;
    wire begins   = ~on & valid & uses_scales;
    wire skips    = ~on & valid & ~uses_scales;
    wire draining = on & drain & ~no_beats;
    wire drained  = on & drain & no_beats;
    wire ends     = drained & ~|left;
    wire again    = drained & |left;
    wire opens    = begins | again;
    wire works    = on & ~drain;

    // load
    assign load = works & (n >= 5'd10) & ~ready[c[3:0]];
    wire       more_oz;
    wire [7:0] deep;
    clip clip_oz (.at(oz), .blk(blk_d), .n(ofm_d), .more(more_oz), .len(deep));
    wire [7:0] c1     = {1'b0, c} + 8'd1;
    wire       more_c = c1 < deep;
    wire       empties = load & ~more_c & ~more_oz;   // the last record of the pass
    wire [4:0]   n_load = load ? n - 5'd10 : n;
    wire [127:0] b_load = load ? {64'd0, 16'd0, bytes[127:80]} : bytes;

    // take
    wire appends = works & ~empties & (n_load <= 5'd8) & ~no_beats & scl_ready;
    assign take  = appends | (draining & scl_ready);
    wire [127:0] above  = {128{1'b1}} << {n_load[3:0], 3'd0};
    wire [127:0] placed = {64'd0, scl_data} << {n_load[3:0], 3'd0};
    assign bytes_next   = appends ? (b_load & ~above) | placed : b_load;
    assign write_bytes  = load | appends;

    assign leave      = skips | ends;
    assign on_next    = (on | begins) & ~ends;
    assign drain_next = (drain & ~drained) | empties;
    assign left_next  = begins ? passes : again ? left - 32'd1 : left;
    assign oz_next    = opens ? 16'd0 : load & ~more_c & more_oz ? oz + {8'd0, blk_d} : oz;
    assign c_next     = opens ? 7'd0 : ~load ? c : more_c ? c1[6:0] : 7'd0;
    assign beats_next = opens ? all_beats : beats - {16'd0, take};
    assign n_next     = opens | draining ? 5'd0 : appends ? n_load + 5'd8 : n_load;
endmodule
