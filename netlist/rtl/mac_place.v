// Places of the sums of a micro-block's pixels in the shared buffer, from the
// place of its first pixel. Combinational; one for reads, one for writes.
// Described in docs/blocks/mac-array.md, section 4.1.
module mac_place #(
    parameter HEIGHT = 2,
    parameter WIDTH  = 2
) (
    input  wire [15:0] addr,
    input  wire [6:0]  blk_w,
    input  wire [7:0]  blk_d,
    input  wire        wide,
    input  wire        flat,
    output wire [17*HEIGHT*WIDTH-1:0] address
);

    wire [10:0] pitch;
    mac_pitch pitch_of (.blk_d(blk_d), .wide(wide), .pitch(pitch));

    // Start of the second row, where the micro-block has one.
    wire [16:0] below = {10'd0, blk_w} * {6'd0, pitch};

    genvar r, c;
    generate
        for (r = 0; r < HEIGHT; r = r + 1) begin : line
            for (c = 0; c < WIDTH; c = c + 1) begin : pixel
                localparam integer PX = r * WIDTH + c;
                localparam [16:0] DX      = c;
                localparam [16:0] DX_FLAT = PX[16:0];
                assign address[17*PX +: 17] = {1'b0, addr}
                    + ((r != 0 && !flat) ? below : 17'd0)
                    + (flat ? DX_FLAT : DX) * {6'd0, pitch};
            end
        end
    endgenerate

endmodule
