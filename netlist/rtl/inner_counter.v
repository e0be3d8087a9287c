// inner_counter: the weight blocks of a job.
// Page: docs/blocks/traversal.md, "Counter of weight blocks". The clipped lengths come from the job counter of the set.
module inner_counter #(
    parameter DEPTH = 8   // channels of a micro-block, 4 or 8
) (
    input  wire       clk,
    input  wire       rst,
    input  wire       clear,
    input  wire       next_block,
    input  wire [2:0] kind,
    input  wire       part_kernel,
    input  wire [2:0] taps,
    input  wire [7:0] out_channels,
    input  wire [7:0] in_channels,
    input  wire [3:0] taps_w,
    input  wire [3:0] taps_h,
    output wire       over,
    // positions, before a clear of this clock
    (* keep *)
    output reg  [5:0] io,
    (* keep *)
    output reg  [6:0] ou,
    (* keep *)
    output reg  [5:0] tap
);
    localparam [7:0] CHANNELS = DEPTH[7:0];

    wire part      = (kind == 3'd0) & part_kernel;
    wire by_taps   = (kind == 3'd1) | part;
    wire by_window = (kind == 3'd2) | (kind == 3'd3);

    // up to 64; more only if the settings are not those of the page
    wire [7:0] sub_taps = taps_w * taps_h;
    wire [7:0] step     = by_taps ? {5'd0, taps} : by_window ? sub_taps : 8'd1;

    // positions after a clear of this clock
    wire [5:0] io0  = clear ? 6'd0 : io;
    wire [6:0] ou0  = clear ? 7'd0 : ou;
    wire [5:0] tap0 = clear ? 6'd0 : tap;

    wire [8:0] tap_sum = {3'd0, tap0} + {1'b0, step};
    wire [7:0] ou_sum  = {1'b0, ou0} + CHANNELS;
    wire [6:0] io_sum  = {1'b0, io0} + 7'd8;

    wire more_tap = tap_sum < {1'b0, sub_taps};
    wire more_ou  = (kind != 3'd4) & (ou_sum < out_channels);
    // in_channels is the clipped length, which is what kind 0 takes; no other kind comes here
    wire more_io  = part & ({1'b0, io_sum} < in_channels);

    assign over = ~more_tap & ~more_ou & ~more_io;

    wire next_ou = next_block & ~more_tap;
    wire next_io = next_ou & ~more_ou;

    always @(posedge clk)
        if (rst) begin
            io  <= 6'd0;
            ou  <= 7'd0;
            tap <= 6'd0;
        end else begin
            tap <= ~next_block ? tap0 : more_tap ? tap_sum[5:0] : 6'd0;
            ou  <= ~next_ou    ? ou0  : more_ou  ? ou_sum[6:0]  : 7'd0;
            io  <= ~next_io    ? io0  : more_io  ? io_sum[5:0]  : 6'd0;
        end
endmodule
