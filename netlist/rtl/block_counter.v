// block_counter: the output blocks of an operation.
// Page: docs/blocks/traversal.md, "Block counter". The pulse "end" is called finish here, since end is a keyword.
module block_counter (
    input  wire        clk,
    input  wire        rst,
    input  wire        start,
    input  wire        next,
    input  wire        finish,
    input  wire [6:0]  blk_w,
    input  wire [5:0]  blk_h,
    input  wire [7:0]  blk_d,
    input  wire [16:0] ofm_w,
    input  wire [16:0] ofm_h,
    input  wire [16:0] ofm_d,
    output reg  [1:0]  bank,
    output wire        over
);
    (* keep *) reg        on;
    (* keep *) reg [15:0] oy, ox, oz;

    // positions after a start of this clock
    wire [15:0] oy0 = start ? 16'd0 : oy;
    wire [15:0] ox0 = start ? 16'd0 : ox;
    wire [15:0] oz0 = start ? 16'd0 : oz;

    wire       more_oy, more_ox, more_oz;
    wire [7:0] unused_y, unused_x, unused_z;
    clip clip_oy (.at(oy0), .blk({2'd0, blk_h}), .n(ofm_h), .more(more_oy), .len(unused_y));
    clip clip_ox (.at(ox0), .blk({1'd0, blk_w}), .n(ofm_w), .more(more_ox), .len(unused_x));
    clip clip_oz (.at(oz0), .blk(blk_d),         .n(ofm_d), .more(more_oz), .len(unused_z));

    wire past_oz = ~more_oz;
    wire past_ox = past_oz & ~more_ox;
    assign over  = past_ox & ~more_oy;

    always @(posedge clk)
        if (rst) begin
            bank <= 2'd0;
            on   <= 1'b0;
            oy   <= 16'd0;
            ox   <= 16'd0;
            oz   <= 16'd0;
        end else begin
            bank <= bank + {1'b0, finish};
            on   <= (on | start) & ~finish;
            oz   <= ~next             ? oz0 : more_oz ? oz0 + {8'd0, blk_d}  : 16'd0;
            ox   <= ~(next & past_oz) ? ox0 : more_ox ? ox0 + {9'd0, blk_w}  : 16'd0;
            oy   <= ~(next & past_ox) ? oy0 : more_oy ? oy0 + {10'd0, blk_h} : 16'd0;
        end
endmodule
