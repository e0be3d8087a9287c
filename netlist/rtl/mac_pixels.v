// Pixels of one token of the MAC array: which of them lie inside the block
// and the map, and where their bytes are in the shared buffer. Combinational.
// Described in docs/blocks/mac-array.md, section 5.3.
module mac_pixels #(
    parameter HEIGHT = 2,
    parameter WIDTH  = 2
) (
    input  wire signed [19:0] from_y, from_x, // input position of the block and the sub-kernel
    input  wire [8:0]  tap_y,
    input  wire [2:0]  tap_x,
    input  wire [4:0]  uy,
    input  wire [5:0]  ux,
    input  wire [3:0]  sh,
    input  wire [5:0]  obh,
    input  wire [6:0]  obw,
    input  wire [2:0]  stride_x, stride_y,
    input  wire [1:0]  dil_x, dil_y,
    input  wire [18:0] ifm_w, ifm_h,
    input  wire [1:0]  upscale,
    input  wire        flat,
    input  wire [15:0] base,
    input  wire [15:0] y0, x0,
    input  wire [9:0]  row, pix,
    output wire [HEIGHT*WIDTH-1:0]    in_block, // inside the block
    output wire [HEIGHT*WIDTH-1:0]    counts,   // inside the block and the map
    output wire [40*HEIGHT*WIDTH-1:0] address
);

    wire between = upscale == 2'd2;
    wire scaled  = upscale != 2'd0;
    wire in_kernel = tap_y < {5'd0, sh};

    wire signed [19:0] yb = from_y + $signed({10'd0, {1'b0, tap_y} * {8'd0, dil_y}});
    wire signed [19:0] xb = from_x + $signed({15'd0, {2'd0, tap_x} * {3'd0, dil_x}});

    // Rows of the micro-block share the product with the row's length.
    genvar r, c;
    generate
        for (r = 0; r < HEIGHT; r = r + 1) begin : line
            wire [5:0] oy = {1'b0, uy} + ((r != 0 && !flat) ? 6'd1 : 6'd0);
            wire signed [19:0] y = yb + $signed({11'd0, {3'd0, oy} * {6'd0, stride_y}});
            wire row_inside = oy < obh;
            wire row_counts = row_inside && in_kernel && !y[19] && y[18:0] < ifm_h && !(between && y[0]);
            wire signed [19:0] yd = scaled ? (y >>> 1) : y;
            wire signed [39:0] dy = $signed({{20{yd[19]}}, yd}) - $signed({24'd0, y0});
            wire signed [39:0] line_start = dy * $signed({30'd0, row});

            for (c = 0; c < WIDTH; c = c + 1) begin : pixel
                localparam integer PX = r * WIDTH + c;
                localparam [6:0] DX      = c;
                localparam [6:0] DX_FLAT = PX[6:0];
                wire [6:0] ox = {1'b0, ux} + (flat ? DX_FLAT : DX);
                wire signed [19:0] x = xb + $signed({10'd0, {3'd0, ox} * {7'd0, stride_x}});
                wire signed [19:0] xd = scaled ? (x >>> 1) : x;
                wire signed [39:0] dx = $signed({{20{xd[19]}}, xd}) - $signed({24'd0, x0});
                wire signed [39:0] place = (line_start + dx) * $signed({30'd0, pix});
                assign in_block[PX] = row_inside && ox < obw;
                assign counts[PX] = in_block[PX] && row_counts && !x[19] && x[18:0] < ifm_w && !(between && x[0]);
                assign address[40*PX +: 40] = place + $signed({24'd0, base});
            end
        end
    endgenerate

endmodule
